//! New passwords: whether one is good enough for an account, and good ones to propose. How they are hashed is in `passwords`.

use secrecy::{ExposeSecret, SecretString};
use sluice_domain::security::PasswordPolicy;
use zxcvbn::Score;

use crate::{App, AppError, Rng, caller::Caller, passwords};

/// Letters and digits that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of four, so that a person can copy it: 20 characters of 32 are 100 bits.
const GROUPS: usize = 5;

/// How strong a password is.
#[derive(Debug, Clone)]
pub struct Strength {
    /// As zxcvbn estimates it, 0 to 4.
    pub score: u8,
    /// What is wrong with it.
    pub warning: Option<String>,
    /// What would make it better.
    pub suggestions: Vec<String>,
}

impl App {
    /// How strong a password would be for the caller.
    ///
    /// # Errors
    /// [`AppError::Busy`] when many passwords are looked at.
    pub async fn password_strength(&self, caller: &Caller, password: SecretString) -> Result<Strength, AppError> {
        let name = caller.name.clone();
        self.inner.passwords.in_turn(move || strength(&password, &[&name])).await
    }

    /// A password that nobody guesses.
    pub fn suggest_password(&self) -> SecretString {
        suggest(&self.inner.rng)
    }
}

fn suggest(rng: &Rng) -> SecretString {
    let bytes = rng.bytes::<{ GROUPS * 4 }>();
    // 256 is a multiple of 32: each letter is as likely as any other.
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    SecretString::from(groups.join("-"))
}

/// How strong a password is for somebody about whom others know `known`.
pub(crate) fn strength(password: &SecretString, known: &[&str]) -> Strength {
    let entropy = zxcvbn::zxcvbn(bounded(password.expose_secret()), known);
    let feedback = entropy.feedback();
    Strength {
        score: match entropy.score() {
            Score::Zero => 0,
            Score::One => 1,
            Score::Two => 2,
            Score::Three => 3,
            _ => 4,
        },
        warning: feedback.and_then(|feedback| feedback.warning()).map(|warning| warning.to_string()),
        suggestions: feedback
            .map(|feedback| feedback.suggestions().iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    }
}

/// Checks a password against what an account wants. Takes milliseconds: call it in turn.
pub(crate) fn check(typed: &SecretString, policy: &PasswordPolicy, known: &[&str]) -> Result<(), AppError> {
    let weak = |problem, suggestions| Err(AppError::WeakPassword { problem, suggestions });
    let Some(password) = &passwords::normal_form(typed) else {
        return weak(format!("a password has at most {} bytes: choose a shorter one", passwords::LONGEST), Vec::new());
    };
    // One character that stands for several counts as one, and a letter in two parts too.
    let letters = password.expose_secret().chars().count().min(typed.expose_secret().chars().count());
    if letters < policy.min_length as usize {
        let problem = format!("a password has at least {} characters: choose a longer one", policy.min_length);
        return weak(
            problem,
            vec!["Several words that have nothing to do with each other are easy to keep in mind.".to_owned()],
        );
    }
    let strength = strength(password, known);
    if strength.score < policy.min_strength {
        let warning = strength.warning.unwrap_or_else(|| "it can be guessed.".to_owned());
        return weak(format!("this password is too weak: {warning}"), strength.suggestions);
    }
    Ok(())
}

/// What zxcvbn looks at: its work grows with the square of the length.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_advice_and_proposed_ones_are_taken() {
        let policy = PasswordPolicy::default();
        let check = |text: &str| check(&SecretString::from(text), &policy, &["ada@example.com", "Ada Lovelace"]);
        for weak in
            ["short", "passwordpassword", "aaaaaaaaaaaaaaaa", "qwertyuiopas", "ada@example.com", "Ada Lovelace1"]
        {
            assert!(matches!(check(weak), Err(AppError::WeakPassword { .. })), "{weak}");
        }
        let same = Rng::new(|bytes| bytes.fill(7));
        assert_eq!(suggest(&same).expose_secret(), "hhhh-hhhh-hhhh-hhhh-hhhh");
        let mixed = Rng::new(|bytes| {
            bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = u8::try_from(at * 37 % 251).expect("a byte"))
        });
        assert!(check(suggest(&mixed).expose_secret()).is_ok());
        assert!(check(&"x".repeat(passwords::LONGEST + 1)).is_err());
        // Eleven letters in two parts each, and one sign that stands for eighteen.
        for short in ["ö\u{308}".repeat(5) + "q", "e\u{301}".repeat(11), "\u{fdfa}".to_owned()] {
            assert!(check(&short).is_err(), "{short}");
        }
        assert!(check("unrelated saucer Tuesday frost").is_ok());
    }
}
