//! The disk is full, has room again, and is full when the server is killed.

use std::{fs, path::PathBuf, process::Command};

use sluice_tests::Home;

use crate::{
    attack::{Attack, Seen, Takes},
    durability::{Kept, send_until_refused},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "full-disk",
    what: "messages are posted to a full disk, one with room again, and a full one on which the server is killed",
    aim: "no acknowledged message is lost or doubled, writing goes on when there is room, and the audit log holds",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

/// How large the disk is, for `mount`.
const SIZE: &str = "size=160m";

/// A small disk of its own.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(&at).map_err(|error| error.to_string())?;
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&at).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self(at)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Takes all the room that is left, but for what some messages need.
    fn fill(&self) {
        let mut piece = 1 << 20;
        let mut number = 0;
        while piece >= 4096 {
            let filler = self.0.join(format!("filler{number}"));
            number += 1;
            if fs::write(&filler, vec![7; piece]).is_err() {
                // What did not fit as a whole may fit by halves.
                let _ = fs::remove_file(&filler);
                piece /= 2;
            }
        }
        let _ = fs::remove_file(self.0.join("filler0"));
    }

    fn clear(&self) {
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten();
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with("filler")) {
            let _ = fs::remove_file(file.path());
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

async fn play(target: &Target) -> Seen {
    if target.keeps_rows_elsewhere() {
        return Seen::skipped("rows are not on the data folder's disk");
    }
    let home = Home::empty();
    let disk = match Disk::mount(home.data()) {
        Ok(disk) => disk,
        Err(why) => return Seen::skipped(format!("no disk of a fixed size could be mounted: {why}")),
    };
    let victim = target.start_again(home, None).await;
    let account = &victim.without_plugins;
    let conversation = account.administrator.conversation().await;
    let write = async |name: &str| {
        let (api, conversation) = (account.administrator.clone(), conversation.clone());
        send_until_refused(api, conversation, name.to_owned()).await
    };
    disk.fill();
    let mut taken = write("full").await;
    let ready = victim.nobody.get("/readyz").await.status.as_u16();
    let reads = account.administrator.messages(&conversation).await.len() >= taken.len().min(200);
    disk.clear();
    let again = account.administrator.outgoing(&conversation, "there is room again").await;
    let goes_on = again.status == 201;
    disk.fill();
    taken.extend(write("full again").await);
    let home = victim.server.kill().await;
    disk.clear();
    let victim = target.start_again(home, None).await;
    let mut kept = Kept::default();
    kept.look(&victim.without_plugins, &conversation, &taken).await;
    let held = victim.command(&["audit", "verify"]).status.success();
    let holds = kept.is_whole() && goes_on && reads && held;
    let audit = if held { "holds" } else { "is broken" };
    Seen::new(
        holds,
        format!(
            "{kept}; while full, reads: {reads}, /readyz {ready}; with room again {}; the audit log {audit}",
            again.status.as_u16()
        ),
    )
}
