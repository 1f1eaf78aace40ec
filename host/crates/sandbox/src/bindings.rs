//! The host's side of the contract, generated from `wit/v1`.
wasmtime::component::bindgen!({
    path: "../../../wit/v1",
    world: "every-hook-plugin",
    imports: { default: trappable },
    with: { "sluice:policy/attachment-content.content": crate::guest::OpenContent },
    anyhow: false,
});
