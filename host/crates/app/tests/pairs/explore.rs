//! Runs each pair of use cases with the first held at each of its steps while the second runs from its beginning to its end, and compares
//! what is left with what there is when they run one after the other.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use serde_json::Value;
use sluice_app::AppError;

use crate::{
    gate::{Gate, Held},
    lab::{Lab, World},
};

type Done = Pin<Box<dyn Future<Output = Result<(), AppError>> + Send>>;

/// A use case that somebody begins.
pub(crate) struct UseCase {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Arc<World>) -> Done,
}

/// A use case under a name.
macro_rules! use_case {
    ($name:literal, $world:ident, $body:expr) => {
        $crate::explore::UseCase {
            name: $name,
            run: |$world: std::sync::Arc<$crate::lab::World>| Box::pin(async move { $body.await.map(drop) }),
        }
    };
}
pub(crate) use use_case;

/// What two use cases left.
struct Left {
    /// The error of each, if it failed.
    errors: [Option<String>; 2],
    state: Value,
}

impl Left {
    const fn succeeded(&self) -> [bool; 2] {
        [self.errors[0].is_none(), self.errors[1].is_none()]
    }
}

/// Tries all pairs and says which it tried. Whatever the interleaving, what is left is what one order of those that succeeded leaves: who
/// failed wrote nothing, and who succeeded undid nothing.
pub(crate) async fn pairs(lab: &Lab, first: &[UseCase], second: &[UseCase]) {
    let nothing = alone(lab, None).await;
    let mut after = BTreeMap::new();
    for one in first.iter().chain(second) {
        if !after.contains_key(one.name) {
            after.insert(one.name, alone(lab, Some(one)).await);
        }
    }
    let (mut tried, mut wrong) = (0, Vec::new());
    for one in first {
        for other in second {
            let orders = [in_order(lab, one, other, false).await, in_order(lab, one, other, true).await];
            let mut steps = 0;
            while let Some(left) = interleaved(lab, one, other, steps).await {
                let right = match left.succeeded() {
                    [true, true] => {
                        orders.iter().any(|order| order.succeeded() == [true; 2] && order.state == left.state)
                    }
                    [false, true] => left.state == after[other.name],
                    [true, false] => left.state == after[one.name],
                    [false, false] => left.state == nothing,
                };
                if !right {
                    wrong.push(format!(
                        "`{}` held at step {steps}, `{}` meanwhile: {:?}\nleft   {}\norders {}\n       {}",
                        one.name, other.name, left.errors, left.state, orders[0].state, orders[1].state
                    ));
                }
                (steps, tried) = (steps + 1, tried + 1);
            }
            assert!(steps > 0, "`{}` is never held", one.name);
            println!("{} | {} | {steps} steps", one.name, other.name);
        }
    }
    println!("{tried} interleavings");
    assert!(wrong.is_empty(), "{} of {tried} interleavings are like no order:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What is left of one use case by itself, or of none.
async fn alone(lab: &Lab, one: Option<&UseCase>) -> Value {
    let world = lab.world().await;
    if let Some(one) = one {
        let done = (one.run)(world.clone()).await;
        assert!(done.is_ok(), "`{}` fails by itself: {done:?}", one.name);
    }
    world.left().await
}

async fn in_order(lab: &Lab, one: &UseCase, other: &UseCase, turned: bool) -> Left {
    let world = lab.world().await;
    let errors = if turned {
        let second = (other.run)(world.clone()).await;
        [(one.run)(world.clone()).await, second]
    } else {
        [(one.run)(world.clone()).await, (other.run)(world.clone()).await]
    };
    Left { errors: errors.map(error), state: world.left().await }
}

/// `None` when the first looks at the clock less often than `step` times.
async fn interleaved(lab: &Lab, one: &UseCase, other: &UseCase, step: usize) -> Option<Left> {
    let world = lab.world().await;
    match Gate::hold(step, (one.run)(world.clone())).await {
        Held::Ended(_) => {
            world.left().await;
            None
        }
        Held::Here(open, task) => {
            let second = (other.run)(world.clone()).await;
            open.send(()).unwrap();
            let errors = [task.await.unwrap(), second].map(error);
            Some(Left { errors, state: world.left().await })
        }
    }
}

fn error(done: Result<(), AppError>) -> Option<String> {
    done.err().map(|error| error.to_string())
}
