//! What hurts. Each of these hides its work from the compiler, which would otherwise leave it out.

use std::{
    hint::black_box,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use sluice_plugin::Content;

/// Panics.
pub(crate) fn trap() -> ! {
    panic!("asked to");
}

/// Never ends.
pub(crate) fn spin() -> ! {
    loop {
        black_box(0);
    }
}

/// Calls itself until the stack is used up.
pub(crate) fn recurse() -> ! {
    #[expect(unconditional_recursion, reason = "that is the harm")]
    fn deeper(depth: u64) -> u64 {
        let frame = [black_box(depth); 16];
        deeper(depth + 1).wrapping_add(black_box(frame)[7])
    }
    black_box(deeper(0));
    spin()
}

/// Takes memory, a mebibyte at a time, until it gets no more.
pub(crate) fn eat_memory() -> ! {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(black_box(Vec::with_capacity(1 << 20)));
    }
}

/// Reads the same bytes over and over.
pub(crate) fn read_without_end(content: &Content<'_>) -> ! {
    loop {
        black_box(content.read(0, u32::MAX));
    }
}

static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Takes this many bytes in one piece and keeps them, filled with numbers that do not compress.
pub(crate) fn fill_memory(bytes: usize) {
    let mut number = 1_u32;
    let filled = (0..bytes).map(|_| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number.to_be_bytes()[0]
    });
    if let Ok(mut kept) = KEPT.lock() {
        *kept = filled.collect();
    }
}

/// Computes for this many rounds of a few instructions each.
pub(crate) fn compute(rounds: u32) {
    let mut number = 1_u32;
    for round in 0..rounds {
        number = black_box(number.wrapping_mul(1_664_525).wrapping_add(round));
    }
    black_box(number);
}

static CALLS: AtomicU32 = AtomicU32::new(0);

/// Whether it was called before, as far as this memory tells.
pub(crate) fn remember() -> bool {
    CALLS.fetch_add(1, Ordering::Relaxed) > 0
}
