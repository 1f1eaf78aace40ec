//! The server is ended while messages come.

use std::time::Duration;

use crate::{
    attack::{Attack, Seen, Takes},
    durability::{Kept, send_until_refused},
    target::Target,
};

pub(super) const BY_KILL: Attack = Attack {
    name: "killed-under-load",
    what: "8 times, SIGKILL while 12 writers of two accounts post",
    aim: "no acknowledged message is lost or doubled, and the audit log holds",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target, true)),
};

pub(super) const BY_TERM: Attack = Attack {
    name: "terminated-under-load",
    what: "8 times, SIGTERM while 12 writers of two accounts post",
    aim: "no acknowledged message is lost or doubled, it ends with 0, and the audit log holds",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target, false)),
};

const TIMES: usize = 8;
const WRITERS: usize = 6;

async fn play(target: &Target, kill: bool) -> Seen {
    let (mut kept, mut held) = (Kept::default(), true);
    let mut victim = target.start().await;
    for time in 0..TIMES {
        let mut writing = Vec::new();
        let mut conversations = Vec::new();
        for account in [&victim.without_plugins, &victim.with_plugins] {
            let conversation = account.administrator.conversation().await;
            for writer in 0..WRITERS {
                let name = format!("round {time} writer {writer}");
                writing.push(tokio::spawn(send_until_refused(
                    account.administrator.clone(),
                    conversation.clone(),
                    name,
                )));
            }
            conversations.push(conversation);
        }
        tokio::time::sleep(Duration::from_millis(300 + 97 * u64::try_from(time).unwrap())).await;
        let url = victim.url.clone();
        let home = if kill { victim.server.kill().await } else { victim.server.stop().await };
        let mut taken = Vec::new();
        for writer in writing {
            taken.push(writer.await.unwrap());
        }
        victim = target.start_again(home, url).await;
        let accounts = [&victim.without_plugins, &victim.with_plugins];
        for ((account, conversation), taken) in accounts.iter().zip(&conversations).zip(taken.chunks(WRITERS)) {
            kept.look(account, conversation, &taken.concat()).await;
        }
        held &= victim.command(&["audit", "verify"]).status.success();
    }
    let audit = if held { "holds" } else { "is broken" };
    Seen::new(kept.is_whole() && held, format!("{kept}; the audit log {audit}"))
}
