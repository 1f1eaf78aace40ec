//! A data folder with the demo accounts, seeded once for all tests of a build and copied for each.
//!
//! Seeding takes seconds of both cores: plugins are compiled, passwords hashed. A copy takes milliseconds.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::files::{plugins, release, sluice};

/// Makes `data` a copy of the seeded folder.
pub(crate) fn copy_to(data: &Path) {
    copy(&seeded(), data);
}

/// The seeded folder of this build. Whoever comes first makes it; the others wait.
fn seeded() -> PathBuf {
    let all = release().with_file_name("seeds");
    let seeded = all.join(build());
    if seeded.exists() {
        return seeded;
    }
    fs::create_dir_all(&all).expect("a folder for seeds");
    let lock = File::create(release().with_file_name("seeds.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    if !seeded.exists() {
        // Tests of an earlier build may still copy what they have found: each build has a folder of its own.
        let draft = tempfile::tempdir_in(&all).expect("a temporary folder");
        let data = draft.path().join("data");
        seed(&data);
        fs::rename(&data, &seeded).expect("the seed gets its name");
    }
    seeded
}

/// What the seed is made of: another binary or plugin makes another one.
fn build() -> String {
    let mut hasher = DefaultHasher::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(plugins()).expect("plugins").map(|file| file.expect("a file").path()).collect();
    files.push(sluice());
    files.sort();
    for file in files {
        let about = fs::metadata(&file).expect("a file");
        let modified = about.modified().expect("a time").duration_since(SystemTime::UNIX_EPOCH).expect("a time");
        (file, about.len(), modified).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Starts a server that seeds a new data folder, and ends it well.
fn seed(data: &Path) {
    let log = data.with_file_name("log");
    let mut server = Command::new(sluice())
        .args(["serve", "--demo"])
        .arg(plugins())
        .arg("--data")
        .arg(data)
        .env_clear()
        .env("SLUICE_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log).expect("a log"))
        .spawn()
        .expect("the server starts");
    let mut line = String::new();
    let output = server.stdout.take().expect("the server's output is a pipe");
    BufReader::new(output).read_line(&mut line).expect("the server's output");
    let said = || fs::read_to_string(&log).unwrap_or_default();
    assert!(line.starts_with("ready "), "{line:?} instead of `ready`:\n{}", said());
    kill_process(Pid::from_child(&server), Signal::TERM).expect("a process to end");
    let status = server.wait().expect("a process that ends");
    assert!(status.success(), "{status}:\n{}", said());
}

/// Copies a folder with all that is in it, and its permissions.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a copy");
        }
    }
    fs::set_permissions(to, fs::metadata(from).expect("a folder").permissions())
        .expect("permissions of our own folder");
}
