//! An account's plugins over their versions: which there are, which are installed, and how many there may be.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sluice_tests::{Account, Api, Server, annotated, component, until, version_of};

use crate::support::{account_id, platform};

/// Uploads a component with change notes.
async fn upload_with(api: &Api, component: Vec<u8>, notes: &str) -> Value {
    api.post_component("/api/v1/plugins", &[("notes", notes)], component).await.is(201)
}

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

async fn audit(account: &Account, action: &str) -> Vec<Value> {
    account.administrator.list(&format!("/api/v1/audit?action={action}")).await
}

#[tokio::test]
async fn versions_of_a_plugin_are_listed_with_their_notes_and_an_installation_moves_between_them() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (name, listed) = ("hostile-plugins", "/api/v1/plugins?name=hostile-plugins");
    let newer = upload_with(api, version_of(name, "0.3.0"), "Misbehaves more.\nМного.").await;
    let older = upload_with(api, component(name), "").await;
    let middle = upload_with(api, version_of(name, "0.2.0"), "").await;
    let other = api.plugin("blocked-words").await;
    let me = api.get("/api/v1/me").await.is(200);
    assert_eq!((&newer["notes"], &older["notes"]), (&json!("Misbehaves more.\nМного."), &json!("")));
    let said = (&newer["source"], &newer["signature"], &newer["signatures"], &newer["uploaded_by"]);
    assert_eq!(said, (&json!("upload"), &json!("unsigned"), &json!([]), &me["person_id"]));

    // By semantic version, not by the time of the upload, over pages too.
    assert_eq!(api.list(listed).await, [newer.clone(), middle.clone(), older.clone()]);
    let page = api.get(&format!("{listed}&limit=2")).await.is(200);
    assert_eq!(page["items"], json!([newer, middle]));
    let rest = api.list(&format!("{listed}&limit=2&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest, std::slice::from_ref(&older));
    assert_eq!(api.list("/api/v1/plugins?name=nothing").await, [Value::Null; 0]);
    api.get("/api/v1/plugins?name=No%20Name").await.problem(400, "malformed");

    let installed = api.install(id(&older), json!({"config": {"behaviour": "flag"}})).await.is(201);
    let path = format!("/api/v1/installations/{}", id(&installed));
    let moved = api.patch(&path, json!({"plugin_id": id(&middle)})).await.is(200);
    let said = (&moved["plugin_id"], &moved["version"], &moved["config"], &moved["position"]);
    assert_eq!(said, (&middle["id"], &json!("0.2.0"), &installed["config"], &installed["position"]));
    let conversation = api.conversation().await;
    let posted = api.incoming(&conversation, "hi").await.is(201);
    assert_eq!(posted["decision"]["rules"][0]["version"], "0.2.0");

    // Everything is checked anew, and with an error everything stays.
    let without = json!({"plugin_id": id(&newer), "grants": []});
    api.patch(&path, without).await.problem(422, "grants-missing");
    let wrong = json!({"plugin_id": id(&newer), "config": {"behaviour": 7}});
    api.patch(&path, wrong).await.problem(422, "configuration-refused");
    let refused = api.patch(&path, json!({"plugin_id": other})).await.problem(422, "invalid");
    assert_eq!(refused["field"], "plugin_id");
    let nothing = json!({"plugin_id": format!("plg_{:032x}", 7)});
    api.patch(&path, nothing).await.problem(404, "not-found");
    assert_eq!(api.get(&path).await.is(200), moved);
    let changed = &audit(&server.without_plugins, "installation.changed").await[0]["details"];
    assert_eq!((&changed["before"]["version"], &changed["after"]["version"]), (&json!("0.1.0"), &json!("0.2.0")));

    let library = api.list("/api/v1/library").await;
    let names: Vec<_> = library.iter().map(|entry| (&entry["name"], &entry["versions"])).collect();
    assert_eq!(names, [(&json!("blocked-words"), &json!(1)), (&json!(name), &json!(3))]);
    assert_eq!((&library[0]["installed"], &library[1]["newest"]), (&json!([]), &newer));
    let expected =
        json!([{"installation_id": id(&installed), "plugin_id": id(&middle), "version": "0.2.0", "mode": "enforce"}]);
    assert_eq!(library[1]["installed"], expected);
    let page = api.get("/api/v1/library?limit=1").await.is(200);
    let rest = api.list(&format!("/api/v1/library?limit=1&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&page["items"][0], &rest[0]), (&library[0], &library[1]));
}

#[tokio::test]
async fn a_version_that_is_there_with_other_bytes_is_refused() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let whole = component("blocked-words");
    let first = api.upload(whole.clone()).await.is(201);
    let refused = api.upload(annotated(whole.clone(), "note")).await.problem(409, "version-exists");
    assert!(refused["detail"].as_str().unwrap().contains("raise the version"), "{refused:#}");
    assert_eq!(api.upload(whole).await.is(201), first);
    let long = "x".repeat(4_097);
    let refused = api.post_component("/api/v1/plugins", &[("notes", &long)], component("office-hours")).await;
    let refused = refused.problem(422, "invalid");
    assert_eq!(refused["field"], "notes");
    assert_eq!(api.list("/api/v1/plugins").await, [first]);
}

#[tokio::test]
async fn a_plugin_is_removed_when_nothing_uses_it_and_its_component_when_nobody_has_it() {
    let server = Server::start().await;
    let (one, other) = (server.with_plugins.administrator.clone(), &server.without_plugins.administrator);
    let (alone, shared) = (version_of("hostile-plugins", "0.2.0"), version_of("hostile-plugins", "0.3.0"));
    let [alone, shared] = [other.upload(alone).await.is(201), other.upload(shared).await.is(201)];
    let kept = one.upload(version_of("hostile-plugins", "0.3.0")).await.is(201);
    let installed = other.install(id(&alone), json!({"mode": "disabled"})).await.is(201);
    let path = format!("/api/v1/plugins/{}", id(&alone));
    let refused = other.delete(&path).await.problem(409, "plugin-in-use");
    assert_eq!(refused["installations"], json!([id(&installed)]));
    assert!(refused["detail"].as_str().unwrap().contains(id(&installed)), "{refused:#}");
    other.delete(&format!("/api/v1/installations/{}", id(&installed))).await.is(204);
    other.delete(&path).await.is(204);
    other.delete(&path).await.problem(404, "not-found");
    other.delete(&format!("/api/v1/plugins/{}", id(&shared))).await.is(204);
    assert_eq!(other.list("/api/v1/plugins").await, [Value::Null; 0]);
    let removed = audit(&server.without_plugins, "plugin.removed").await;
    let said = (&removed[1]["target"], &removed[1]["details"]["version"], removed.len());
    assert_eq!(said, (&alone["id"], &json!("0.2.0"), 2));

    // A day later.
    let blob = |plugin: &Value| {
        let name = plugin["sha256"].as_str().unwrap();
        server.home.data().join("blobs").join(&name[..2]).join(&name[2..4]).join(name)
    };
    let (gone, stays) = (blob(&alone), blob(&shared));
    for path in [&gone, &stays] {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_hours(48)).unwrap();
    }
    let home = server.stop().await;
    let server = Server::start_in(home).await;
    until(async || !gone.exists()).await;
    let one = one.on(&server);
    one.install(id(&kept), json!({"config": {"behaviour": "flag"}})).await.is(201);
    assert!(stays.exists());
}

#[tokio::test]
async fn a_quota_is_reached_and_raised() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let root = platform(&server).await;
    let quota = format!("/api/v1/platform/accounts/{}/quota", account_id(account).await);
    let none = json!({"quota": {"plugins": 256, "bytes": 512 << 20, "enabled": 64, "cpu_share": 100}, "used": {"plugins": 0, "bytes": 0, "enabled": 0}});
    assert_eq!(root.get(&quota).await.is(200), none);
    assert_eq!(api.get("/api/v1/plugins/usage").await.is(200), none);
    root.put(&quota, json!({"cpu_share": 0})).await.problem(422, "invalid");
    root.put(&quota, json!({"enabled": 65})).await.problem(422, "invalid");
    let nobodys = format!("/api/v1/platform/accounts/acc_{:032x}/quota", 7);
    root.put(&nobodys, json!({})).await.problem(404, "not-found");
    root.get(&nobodys).await.problem(404, "not-found");

    let first = api.plugin("hostile-plugins").await;
    let size = component("hostile-plugins").len();
    root.put(&quota, json!({"plugins": 1, "enabled": 1, "cpu_share": 50})).await.is(200);
    api.upload(component("blocked-words")).await.problem(409, "quota-exceeded");
    root.put(&quota, json!({"bytes": size + 1, "enabled": 1, "cpu_share": 50})).await.is(200);
    api.upload(component("blocked-words")).await.problem(409, "quota-exceeded");

    // What is disabled takes nothing of it.
    let disabled = api.install(&first, json!({"mode": "disabled"})).await.is(201);
    let disabled = format!("/api/v1/installations/{}", id(&disabled));
    let enabled = api.install(&first, json!({"mode": "shadow"})).await.is(201);
    let enabled = format!("/api/v1/installations/{}", id(&enabled));
    api.install(&first, json!({})).await.problem(409, "quota-exceeded");
    api.patch(&disabled, json!({"mode": "enforce"})).await.problem(409, "quota-exceeded");
    // What is enabled stays so under a smaller quota, and may change.
    root.put(&quota, json!({"enabled": 0})).await.is(200);
    api.patch(&enabled, json!({"mode": "enforce"})).await.is(200);
    let used = root.put(&quota, json!({"plugins": 2, "enabled": 2})).await.is(200);
    assert_eq!(used["used"], json!({"plugins": 1, "bytes": size, "enabled": 1}));
    api.patch(&disabled, json!({"mode": "enforce"})).await.is(200);
    api.plugin("blocked-words").await;
    let usage = api.get("/api/v1/plugins/usage").await.is(200);
    assert_eq!((&usage["quota"]["enabled"], &usage["used"]["enabled"]), (&json!(2), &json!(2)));

    let changed = audit(account, "quota.changed").await;
    assert_eq!((changed.len(), &changed[0]["role"]), (4, &json!("support")));
    let details = &changed[0]["details"];
    assert_eq!((&details["before"]["enabled"], &details["after"]["enabled"]), (&json!(0), &json!(2)));
    assert_eq!(root.list("/api/v1/audit?action=quota.changed").await.len(), 4);
}
