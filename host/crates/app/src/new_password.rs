//! New passwords: whether one is good enough for an account, and good ones to propose. How they are hashed is in `passwords`.

use secrecy::{ExposeSecret, SecretString};
use sluice_domain::security::PasswordPolicy;
use zxcvbn::Score;

use crate::{App, AppError, Rng, caller::Caller, passwords, turns::Asker};

/// Letters and digits that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of four, so that a person can copy it: 20 characters of 32 are 100 bits.
const GROUPS: usize = 5;

/// How many characters of a password are looked at.
const LOOKED_AT: usize = 100;
/// How many characters zxcvbn is given at once: its work grows with their square, and more.
const WINDOW: usize = 40;
/// Most of [`look_ups`] at once: some 5 ms. Without it, 20 signs in 100 characters take a second.
const LOOK_UPS: usize = 16_384;
/// Which signs zxcvbn takes for a letter, letter by letter (its `L33T_TABLE`).
const LETTERS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];
/// Which of them it takes for more than one.
const AMBIGUOUS: &str = "1|7";
/// From which number of guesses on, as its logarithm, zxcvbn gives a point more.
const SCORES: [f64; 4] = [3.0, 6.0, 8.0, 10.0];

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
        let asker = Asker::caller(caller.account, caller.person);
        self.inner.passwords.strength(&asker, password, vec![caller.name.clone()]).await
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

/// How strong a password is for somebody about whom others know `known`. Takes milliseconds: call it in turn.
pub(crate) fn strength(password: &SecretString, known: &[String]) -> Strength {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let characters: Vec<char> = password.expose_secret().chars().take(LOOKED_AT).collect();
    let windows = windows(&characters).into_iter().map(|window| Estimate::of(window, &known));
    let strongest = windows.max_by(|one, other| one.guesses_log10.total_cmp(&other.guesses_log10));
    strongest.unwrap_or_else(|| Estimate::whole("", &known)).strength()
}

/// The parts of a password that are estimated by themselves: what is as strong as a part of it is at least as strong.
fn windows(characters: &[char]) -> Vec<&[char]> {
    let last = characters.len().saturating_sub(WINDOW);
    (0..=last).step_by(WINDOW).chain(Some(last)).map(|at| &characters[at..characters.len().min(at + WINDOW)]).collect()
}

/// What zxcvbn says of a text.
struct Estimate {
    guesses_log10: f64,
    score: u8,
    warning: Option<String>,
    suggestions: Vec<String>,
}

impl Estimate {
    /// Of a text, in parts when all at once were too much work.
    fn of(characters: &[char], known: &[&str]) -> Self {
        if look_ups(characters) <= LOOK_UPS {
            return Self::whole(&characters.iter().collect::<String>(), known);
        }
        let (first, second) = characters.split_at(characters.len() / 2);
        Self::of(first, known).and_then(Self::of(second, known))
    }

    fn whole(text: &str, known: &[&str]) -> Self {
        let entropy = zxcvbn::zxcvbn(text, known);
        let feedback = entropy.feedback();
        Self {
            guesses_log10: entropy.guesses_log10(),
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

    /// Of this text and another one behind it: whoever guesses both guesses each for each of the other.
    fn and_then(self, other: Self) -> Self {
        let guesses_log10 = self.guesses_log10 + other.guesses_log10;
        let score = SCORES.iter().filter(|least| guesses_log10 >= **least).count();
        let score = u8::try_from(score).unwrap_or(4).max(self.score).max(other.score);
        let weaker = if self.guesses_log10 <= other.guesses_log10 { self } else { other };
        Self { guesses_log10, score, ..weaker }
    }

    fn strength(self) -> Strength {
        let Self { score, warning, suggestions, .. } = self;
        // As zxcvbn does it: whose password is good is given no advice.
        if score > 2 {
            return Strength { score, warning: None, suggestions: Vec::new() };
        }
        Strength { score, warning, suggestions }
    }
}

/// How many substrings zxcvbn looks up in each dictionary for a text's letters that are written as digits and signs: with every
/// combination of what those may stand for, all substrings.
fn look_ups(characters: &[char]) -> usize {
    let meanings = LETTERS.iter().map(|signs| signs.chars().filter(|sign| characters.contains(sign)).count().max(1));
    // A sign that stands for two letters is tried for either.
    let either = AMBIGUOUS.chars().filter(|sign| characters.contains(sign)).count();
    let combinations = meanings.product::<usize>() << either;
    combinations * characters.len() * (characters.len() + 1) / 2
}

/// Checks a password against what an account wants. Takes milliseconds: call it in turn.
pub(crate) fn check(typed: &SecretString, policy: &PasswordPolicy, known: &[String]) -> Result<(), AppError> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_advice_and_proposed_ones_are_taken() {
        let policy = PasswordPolicy::default();
        let check = |text: &str| {
            check(&SecretString::from(text), &policy, &["ada@example.com".to_owned(), "Ada Lovelace".to_owned()])
        };
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

    fn score(text: &str) -> u8 {
        strength(&SecretString::from(text), &[]).score
    }

    #[test]
    fn long_passwords_are_as_strong_as_their_strongest_part() {
        for weak in ["a".repeat(100), "abc".repeat(30), "password".repeat(12), "qwertyuiop".repeat(10)] {
            assert!(score(&weak) < 2, "{weak}");
        }
        for strong in ["a".repeat(60) + "vx9-kd3q-tn7r-wm2c", "vx9-kd3q-tn7r-wm2c".to_owned() + &"a".repeat(60)] {
            assert_eq!(score(&strong), 4, "{strong}");
        }
        assert_eq!(score(""), 0);
    }

    /// Signs that zxcvbn takes for letters, in many forms: each combination of them is work.
    const SIGNS: &str = "4@8({[<369&#!1|/7$5+%2";

    fn hostile() -> impl Strategy<Value = String> {
        let signs = SIGNS.chars().collect::<Vec<_>>();
        let letters = "abeilostz019 é".chars().collect::<Vec<_>>();
        let some = prop::collection::vec(prop::sample::select(signs.clone()), 1..40);
        let mixed =
            prop_oneof![3 => prop::sample::select(signs), 1 => prop::sample::select(letters), 1 => any::<char>()];
        prop_oneof![
            // The same again and again, a jumble, and all signs behind each other from some place on.
            (some, 1..12_usize).prop_map(|(some, times)| some.iter().collect::<String>().repeat(times)),
            prop::collection::vec(mixed, 0..130).prop_map(|jumble| jumble.into_iter().collect()),
            (0..20_usize, 1..8_usize).prop_map(|(from, times)| SIGNS.repeat(times)[from..].to_owned()),
        ]
    }

    /// How much is looked up for a password in all.
    fn work(characters: &[char]) -> usize {
        let own = look_ups(characters);
        if own <= LOOK_UPS {
            return own;
        }
        let (first, second) = characters.split_at(characters.len() / 2);
        work(first) + work(second)
    }

    proptest! {
        #[test]
        fn no_password_is_much_work(text in hostile()) {
            let characters: Vec<char> = text.chars().take(LOOKED_AT).collect();
            let windows = windows(&characters);
            prop_assert!(windows.iter().all(|window| window.len() <= WINDOW));
            prop_assert!(windows.iter().map(|window| work(window)).sum::<usize>() <= 3 * 2 * LOOK_UPS);
            prop_assert!(score(&text) <= 4);
        }

        /// What people choose is estimated as it always was.
        #[test]
        fn ordinary_passwords_are_as_strong_as_zxcvbn_says(text in "[A-Z]?[a-z]{3,9}[ .-]?[a-z0@3$]{2,12}[0-9]{0,4}[!?#]{0,2}") {
            let entropy = zxcvbn::zxcvbn(&text, &["ada"]);
            let ours = strength(&SecretString::from(text.as_str()), &["ada".to_owned()]);
            prop_assert_eq!(ours.score, u8::from(entropy.score()));
            let warning = entropy.feedback().and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
            prop_assert_eq!(ours.warning, warning);
        }
    }
}
