//! Who may use which route.

use crate::routes::{Things, Who, assert_complete, routes};
use sluice_tests::Server;

#[tokio::test]
async fn every_route_is_open_to_those_who_may_use_it_and_to_nobody_else() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let people = [
        (Who::Nobody, &server.nobody),
        (Who::Operator, &account.operator),
        (Who::Supervisor, &account.supervisor),
        // Last: what others may not do was not done, and is there to be done.
        (Who::Administrator, &account.administrator),
    ];
    let routes = routes(&Things::of(account).await);
    assert_complete(&server.nobody, &routes).await;
    for (who, api) in people {
        for route in &routes {
            let status = route.send(api).await.status().as_u16();
            let refused = match (who >= route.least, who) {
                (true, _) => None,
                (false, Who::Nobody) => Some(401),
                (false, _) => Some(403),
            };
            match refused {
                Some(refused) => assert_eq!(status, refused, "{route} as {who:?}"),
                // Nobody's credentials are wrong, and a token is no session to be ended.
                None if route.to_string() == "POST /api/v1/sessions" => assert_eq!(status, 401),
                None if route.to_string() == "DELETE /api/v1/sessions/current" => assert_eq!(status, 404),
                None => assert!((200..300).contains(&status), "{route} as {who:?}: {status}"),
            }
        }
    }
}

#[tokio::test]
async fn only_programs_and_administrators_bring_in_what_clients_wrote() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    // A token of the operator's is a program.
    account.operator.incoming(&conversation, "hi").await.is(201);
    let [_, _, operator] = &account.members;
    let answer = server.nobody.log_in(&operator.email, &operator.password).await;
    let session = server.nobody.with_cookie(answer.header("set-cookie"));
    session.incoming(&conversation, "hi").await.problem(403, "forbidden");
    session.outgoing(&conversation, "hi").await.is(201);
}
