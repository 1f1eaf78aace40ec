//! The platform's catalogue: from publishing to a plugin that decides in an account.

use serde_json::{Value, json};
use sluice_tests::{Api, Server, annotated, component, version_of};

use crate::support::{account_id, colleague, platform};

const CATALOGUE: &str = "/api/v1/platform/catalogue";

async fn publish(api: &Api, component: Vec<u8>, about: &[(&str, &str)]) -> sluice_tests::Answer {
    api.post_component(CATALOGUE, about, component).await
}

/// What is published to an account under a name.
async fn offered(api: &Api, name: &str) -> Vec<Value> {
    let mut offers = api.list("/api/v1/catalogue").await;
    offers.retain(|offer| offer["name"] == name);
    offers
}

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

#[tokio::test]
async fn the_example_plugins_are_the_first_entries_and_the_demo_account_has_taken_them() {
    let server = Server::start().await;
    let (with, without) = (&server.with_plugins.administrator, &server.without_plugins.administrator);
    let offers = without.list("/api/v1/catalogue").await;
    let named = |name: &str| offers.iter().find(|offer| offer["name"] == name).unwrap();
    for name in ["blocked-words", "office-hours", "sensitive-data"] {
        let offer = named(name);
        assert!(!offer["summary"].as_str().unwrap().is_empty() && !offer["hooks"].as_array().unwrap().is_empty());
        assert_eq!((&offer["plugin_id"], &offer["signature"]), (&Value::Null, &json!("unsigned")));
    }
    assert!(offers.iter().all(|offer| offer["name"] != "hostile-plugins"), "{offers:#?}");
    let plugins = with.list("/api/v1/plugins").await;
    assert!(plugins.len() >= 3 && plugins.iter().all(|plugin| plugin["source"] == "catalogue"), "{plugins:#?}");
    let [offer] = &offered(with, "blocked-words").await[..] else { panic!("one version") };
    assert!(plugins.iter().any(|plugin| plugin["id"] == offer["plugin_id"]));
    assert_eq!(with.list("/api/v1/audit?action=plugin.taken").await.len(), 3);
}

#[tokio::test]
async fn what_is_published_to_an_account_is_taken_installed_and_stays_when_it_is_withdrawn() {
    let server = Server::start().await;
    let (theirs, others) = (&server.without_plugins, &server.with_plugins.administrator);
    let api = &theirs.administrator;
    let root = platform(&server).await;
    let editor = colleague(&server, &root, "Ed", json!(["catalogue-publish"])).await;
    let account = account_id(theirs).await;
    let name = "hostile-plugins";
    let whole = component(name);
    publish(api, whole.clone(), &[]).await.problem(403, "forbidden");
    publish(&editor, whole.clone(), &[("accounts", "nobody")]).await.problem(422, "invalid");
    publish(&editor, whole.clone(), &[("accounts", &format!("acc_{:032x}", 7))]).await.problem(422, "invalid");
    publish(&editor, b"rubbish".to_vec(), &[]).await.problem(422, "not-wasm");

    let about = [("accounts", account.as_str()), ("notes", "For you only.")];
    let entry = publish(&editor, whole.clone(), &about).await.is(201);
    let said = (&entry["name"], &entry["accounts"], &entry["notes"]);
    assert_eq!(said, (&json!(name), &json!([account]), &json!("For you only.")));
    assert_eq!(publish(&editor, whole.clone(), &about).await.is(201), entry);
    publish(&editor, whole.clone(), &[]).await.problem(409, "conflict");
    publish(&editor, annotated(whole, "note"), &[]).await.problem(409, "version-exists");
    let newer = publish(&editor, version_of(name, "0.2.0"), &about).await.is(201);

    // Nobody else sees it, nor takes it.
    assert_eq!(offered(others, name).await, [Value::Null; 0]);
    let path = format!("/api/v1/catalogue/{}/take", id(&entry));
    others.post(&path, json!({})).await.problem(404, "not-found");
    theirs.operator.post(&path, json!({})).await.problem(403, "forbidden");
    let [first, second] = &offered(api, name).await[..] else { panic!("two versions") };
    assert_eq!((&first["id"], &second["id"]), (&newer["id"], &entry["id"]), "the highest version first");
    assert!(first.get("accounts").is_none(), "who else sees it is not said: {first:#}");

    let plugin = api.post(&path, json!({})).await.is(201);
    let said = (&plugin["source"], &plugin["notes"], &plugin["sha256"]);
    assert_eq!(said, (&json!("catalogue"), &json!("For you only."), &entry["sha256"]));
    assert_eq!(api.post(&path, json!({})).await.is(201), plugin);
    assert_eq!(offered(api, name).await[1]["plugin_id"], plugin["id"]);

    let withdraw = format!("{CATALOGUE}/{}", id(&entry));
    root.delete(&withdraw).await.is(204);
    root.delete(&withdraw).await.problem(404, "not-found");
    api.post(&path, json!({})).await.problem(404, "not-found");
    api.install(id(&plugin), json!({"config": {"behaviour": "flag"}})).await.is(201);
    let conversation = api.conversation().await;
    assert_eq!(api.incoming(&conversation, "hi").await.is(201)["decision"]["verdict"], "flag");

    let actions = async |api: &Api, action: &str| api.list(&format!("/api/v1/audit?action={action}")).await.len();
    assert_eq!((actions(&root, "catalogue.published").await, actions(&root, "catalogue.withdrawn").await), (2, 1));
    assert_eq!(actions(api, "plugin.taken").await, 1);
    let listed = editor.list(CATALOGUE).await;
    assert!(listed.iter().any(|row| row["id"] == newer["id"]) && listed.iter().all(|row| row["id"] != entry["id"]));
}

#[tokio::test]
async fn the_command_line_publishes_signs_lists_and_withdraws() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let folder = tempfile::tempdir().unwrap();
    let [file, key] = ["plugin.wasm", "publisher.key"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&file, component("hostile-plugins")).unwrap();
    let run = |args: &[&str]| {
        let output = server.command(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let public = run(&["plugin", "keygen", &key]).trim().to_owned();
    api.put("/api/v1/publishers/us", json!({"key": public})).await.is(200);
    let account = account_id(&server.without_plugins).await;
    let published = run(&["catalogue", "publish", &file, "--notes", "First.", "--account", &account, "--key", &key]);
    let entry = published.split_whitespace().next().unwrap().to_owned();
    assert!(run(&["catalogue", "list"]).contains(&format!("{entry}  hostile-plugins 0.1.0  {account}")));
    let [offer] = &offered(api, "hostile-plugins").await[..] else { panic!("one version") };
    assert_eq!((&offer["notes"], &offer["signature"]), (&json!("First."), &json!("trusted")));
    let plugin = api.post(&format!("/api/v1/catalogue/{entry}/take"), json!({})).await.is(201);
    assert_eq!(plugin["signatures"], json!([{"publisher_key": public, "publisher": "us"}]));
    run(&["catalogue", "withdraw", &entry]);
    assert_eq!(offered(api, "hostile-plugins").await, [Value::Null; 0]);
    assert!(!server.command(&["catalogue", "withdraw", &entry]).status.success());
}
