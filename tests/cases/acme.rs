//! Certificates from an ACME authority: pebble, the one that Let's Encrypt tests clients with.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::json;
use sluice_tests::{Home, Server, client_builder, until};

use crate::https::is_private;

const NAME: &str = "chat.sluice.example";

/// Free ports of an address that no other case uses.
fn free<const PORTS: usize>(host: [u8; 4]) -> [SocketAddr; PORTS] {
    // All are held until the last is found, or two could be the same.
    let held = [(); PORTS].map(|()| TcpListener::bind(SocketAddr::from((host, 0))).unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}

/// A program that ends with this.
struct Program(Child);

impl Program {
    /// Starts it and waits until it has said this.
    fn start(command: &mut Command, ready: &str) -> Self {
        let program = format!("{:?}", command.get_program());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}: scripts/tools installs it"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.any(|line| line.unwrap().contains(ready));
        assert!(said, "{program} does not start");
        // What it says later is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An authority that asks `served` whether it has a name.
struct Authority {
    directory: SocketAddr,
    management: SocketAddr,
    /// What it shows itself.
    certificate: String,
    _names: Program,
    _pebble: Program,
}

impl Authority {
    fn start(folder: &Path, served: SocketAddr, free: [SocketAddr; 5]) -> Self {
        let address = served.ip().to_string();
        let own = rcgen::generate_simple_self_signed([address.clone()]).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        fs::write(path("authority.pem"), own.cert.pem()).unwrap();
        fs::write(path("authority.key"), own.key_pair.serialize_pem()).unwrap();
        let [directory, management, names, names_management, unused] = free;
        let config = json!({"pebble": {
            "listenAddress": directory, "managementListenAddress": management,
            "certificate": path("authority.pem"), "privateKey": path("authority.key"),
            "httpPort": unused.port(), "tlsPort": served.port(), "ocspResponderURL": "",
        }});
        fs::write(path("pebble.json"), config.to_string()).unwrap();
        let names_server = Program::start(
            Command::new("pebble-challtestsrv")
                .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""])
                .args(["-defaultIPv4", &address, "-dns01", &names.to_string()])
                .args(["-management", &names_management.to_string()]),
            "Starting management server",
        );
        let pebble = Program::start(
            Command::new("pebble")
                .args(["-config", &path("pebble.json"), "-dnsserver", &names.to_string(), "-strict=false"])
                .env("PEBBLE_VA_NOSLEEP", "1")
                .env("PEBBLE_WFE_NONCEREJECT", "0"),
            "ACME directory available",
        );
        Self { directory, management, certificate: own.cert.pem(), _names: names_server, _pebble: pebble }
    }

    /// The certificate that signs what it gives.
    async fn root(&self) -> String {
        let http = client_builder(None, Some(&self.certificate)).build().unwrap();
        let root = async || http.get(format!("https://{}/roots/0", self.management)).send().await;
        // It says that it is ready before this part of it is.
        until(async || root().await.is_ok()).await;
        root().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn an_authority_gives_a_certificate_which_is_kept_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let pid = std::process::id();
    let host = [127, 77, u8::try_from(pid >> 8 & 0xff).unwrap(), u8::try_from(pid % 254 + 1).unwrap()];
    let [served, others @ ..] = free::<6>(host);
    let authority = Authority::start(folder.path(), served, others);
    let root = authority.root().await;
    let directory = format!("https://{}/dir", authority.directory);
    let listen = served.to_string();
    let trusted = folder.path().join("authority.pem");
    let environment = [
        ("SLUICE_LISTEN", listen.as_str()),
        ("SLUICE_ACME_DOMAINS", NAME),
        ("SLUICE_ACME_CONTACT", "ada@sluice.example"),
        ("SLUICE_ACME_DIRECTORY", &directory),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
    ];
    let server = Server::start_with(Home::on_sqlite(), &environment).await;
    let http = || client_builder(None, Some(&root)).resolve(NAME, served).build().unwrap();
    let url = format!("https://{NAME}:{}/healthz", served.port());
    until(async || http().get(&url).send().await.is_ok_and(|answer| answer.status() == 200)).await;
    assert!(is_private(&server.home.data().join("acme")), "the key is for nobody else");

    let home = server.stop().await;
    drop(authority);
    let server = Server::start_with(home, &environment).await;
    until(async || http().get(&url).send().await.is_ok()).await;
    drop(server);
}
