//! An authenticator in software (WebAuthn, level 3): one key, as a browser would use it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

/// User present, user verified (WebAuthn, section 6.1).
const FLAGS: u8 = 0x05;
/// With them: the credential is in the data.
const ATTESTED: u8 = 0x45;

/// Holds a passkey for a server that is reached under one origin.
#[derive(Debug)]
pub struct Authenticator {
    origin: String,
    key: EcdsaKeyPair,
    id: [u8; 16],
    random: SystemRandom,
    uses: u32,
}

impl Authenticator {
    /// One with a new key.
    ///
    /// # Panics
    /// When the system gives no random numbers.
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random).expect("a key");
        let id = ring::rand::generate(&random).expect("random bytes").expose();
        Self { origin: origin.to_owned(), key, id, random, uses: 0 }
    }

    /// What `navigator.credentials.create` gives for these options.
    ///
    /// # Panics
    /// When there is no challenge in them.
    pub fn create(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.create", options);
        let mut data = self.data(options["publicKey"]["rp"]["id"].as_str().expect("a relying party"), ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // The key as COSE has it (RFC 9053): two coordinates of P-256, for ES256.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..65]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("a short text"));
        object.extend(data);
        let response = json!({"attestationObject": encode(&object), "clientDataJSON": encode(client.as_bytes())});
        self.credential(response)
    }

    /// What `navigator.credentials.get` gives for these options.
    ///
    /// # Panics
    /// When there is no challenge in them.
    pub fn get(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.get", options);
        let data = self.data(options["publicKey"]["rpId"].as_str().expect("a relying party"), FLAGS);
        let signed = [&data[..], digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&self.random, &signed).expect("a signature");
        let response = json!({
            "authenticatorData": encode(&data), "clientDataJSON": encode(client.as_bytes()),
            "signature": encode(signature.as_ref()), "userHandle": null,
        });
        self.credential(response)
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = options["publicKey"]["challenge"].as_str().expect("a challenge");
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false}).to_string()
    }

    fn data(&mut self, relying_party: &str, flags: u8) -> Vec<u8> {
        self.uses += 1;
        let mut data = digest(&SHA256, relying_party.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.uses.to_be_bytes());
        data
    }

    fn credential(&self, response: Value) -> Value {
        let id = encode(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}})
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
