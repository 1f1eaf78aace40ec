//! Calling a loaded plugin: a fresh instance for every call, a budget for every call, and an answer that was checked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sluice_domain::{
    access::{Access, AccessRequest},
    import::Exchange,
    message::{Attachment, Message},
    verdict::{Cost, Failure, LogLine, Verdict},
};
use wasmtime::{
    Engine, Store, Trap,
    component::{Component, Instance, InstancePre, Resource},
};

use crate::{
    bindings::exports::sluice::policy::{access_rule, attachment_filter, message_filter},
    convert::{self, BadAnswer},
    guest::{Content, Guest, OpenContent, Stopped, store},
    imports::{Allowance, Unanswered},
    inspect::link,
    outline::bounded,
    overlay::{Overlay, Writer},
};

/// What came of one call.
#[derive(Debug)]
pub struct Call<T> {
    /// What the plugin said, or how it failed.
    pub answer: Result<T, Failure>,
    /// What it cost. Time is not measured here.
    pub cost: Cost,
    /// What it wrote to its log.
    pub log: Vec<LogLine>,
    /// What it asked the host, and was told.
    pub exchanges: Vec<Exchange>,
    /// For a failure, what the plugin's author wants to know. It may hold names of the plugin's functions, never message text.
    pub detail: Option<String>,
}

/// A plugin's code, in memory.
pub(crate) struct Code {
    pre: InstancePre<Guest>,
    message_filter: Option<message_filter::GuestIndices>,
    attachment_filter: Option<attachment_filter::GuestIndices>,
    access_rule: Option<access_rule::GuestIndices>,
}

impl Code {
    pub(crate) fn new(engine: &Engine, component: &Component) -> wasmtime::Result<Self> {
        let pre = link(engine, component)?;
        let message_filter = message_filter::GuestIndices::new(&pre).ok();
        let attachment_filter = attachment_filter::GuestIndices::new(&pre).ok();
        let access_rule = access_rule::GuestIndices::new(&pre).ok();
        Ok(Self { pre, message_filter, attachment_filter, access_rule })
    }

    /// What writes overlays to its instances; `None` when it takes none.
    pub(crate) fn writer(&self) -> Option<Writer> {
        Writer::new(self.pre.component())
    }
}

/// A plugin with its configuration, in memory.
#[derive(Clone, Copy)]
pub(crate) struct Loaded<'l> {
    pub(crate) code: &'l Code,
    /// What is written to each instance first; `None` when the code begins as it was configured.
    pub(crate) overlay: Option<(&'l Writer, &'l Overlay)>,
}

impl Loaded<'_> {
    /// Asks about a message. Without the hook, nothing is said against it.
    pub(crate) fn check_message(&self, message: &Message, allowed: Allowance) -> Call<Verdict> {
        let Some(indices) = &self.code.message_filter else { return unasked(Verdict::Allow) };
        self.call(allowed, None, |store, instance| {
            let hook = indices.load(&mut *store, instance)?;
            let verdict = hook.call_check(&mut *store, &convert::message(message))?;
            Ok(convert::verdict(&message.text, verdict)?)
        })
    }

    /// Asks about an attachment. Each byte that the plugin reads counts like an instruction, apart from those.
    pub(crate) fn check_attachment(
        &self,
        attachment: &Attachment,
        content: impl Content + 'static,
        allowed: Allowance,
    ) -> Call<Verdict> {
        let Some(indices) = &self.code.attachment_filter else { return unasked(Verdict::Allow) };
        self.call(allowed, Some(Box::new(content)), |store, instance| {
            let hook = indices.load(&mut *store, instance)?;
            let content = Resource::<OpenContent>::new_own(0);
            let verdict = hook.call_check(&mut *store, &convert::attachment(attachment), content)?;
            Ok(convert::attachment_verdict(verdict)?)
        })
    }

    /// Asks about someone who wants to be let in.
    pub(crate) fn check_access(&self, request: &AccessRequest, allowed: Allowance) -> Call<Access> {
        let Some(indices) = &self.code.access_rule else { return unasked(Access::Allow) };
        self.call(allowed, None, |store, instance| {
            let hook = indices.load(&mut *store, instance)?;
            let access = hook.call_check(&mut *store, &convert::access_request(request))?;
            Ok(convert::access(access)?)
        })
    }

    /// One call in a fresh instance. Whatever the host's code does in it, the caller goes on.
    fn call<T>(
        &self,
        Allowance { budget, imports }: Allowance,
        content: Option<Box<dyn Content>>,
        body: impl FnOnce(&mut Store<Guest>, &Instance) -> wasmtime::Result<T>,
    ) -> Call<T> {
        let called = catch_unwind(AssertUnwindSafe(|| {
            let guest = Guest::new(budget, true, content).with_imports(budget, imports);
            let mut store = match store(self.code.pre.engine(), budget, guest) {
                Ok(store) => store,
                Err(error) => return failed(Failure::Host, &error),
            };
            let answer = self.instance(&mut store).and_then(|instance| body(&mut store, &instance));
            let used = budget.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
            let guest = store.into_data();
            let fuel = used.saturating_add(guest.asking.fuel);
            let answer = answer.and_then(|answer| {
                // What questions cost is only known together with the rest when the call has ended.
                if fuel > budget.fuel { Err(Stopped::AskedTooMuch.into()) } else { Ok(answer) }
            });
            let (answer, detail) = match answer {
                Ok(answer) => (Ok(answer), None),
                Err(error) => (Err(classify(&error, guest.wanted_more)), Some(bounded(&format!("{error:#}")))),
            };
            let cost = Cost { micros: 0, fuel: fuel.min(budget.fuel) };
            Call { answer, cost, log: guest.log, exchanges: guest.asking.exchanges, detail }
        }));
        called.unwrap_or_else(|_| {
            tracing::error!("the host panicked while it served a plugin's call");
            let detail = Some("the host failed while it served the call".to_owned());
            Call { answer: Err(Failure::Host), cost: Cost::default(), log: Vec::new(), exchanges: Vec::new(), detail }
        })
    }

    /// An instance in the state in which `configure` left it.
    fn instance(&self, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
        let instance = self.code.pre.instantiate(&mut *store)?;
        if let Some((writer, overlay)) = self.overlay {
            // The plugin runs none of the instructions that write, and pays for none.
            let fuel = store.get_fuel()?;
            store.set_fuel(u64::MAX)?;
            let written = writer.write(overlay, store, &instance);
            written.map_err(|error| Stopped::NotConfigured(format!("{error:#}")))?;
            store.set_fuel(fuel)?;
        }
        Ok(instance)
    }
}

fn unasked<T>(answer: T) -> Call<T> {
    Call { answer: Ok(answer), cost: Cost::default(), log: Vec::new(), exchanges: Vec::new(), detail: None }
}

pub(crate) fn failed<T>(failure: Failure, error: &dyn std::fmt::Display) -> Call<T> {
    let detail = Some(bounded(&format!("{error:#}")));
    Call { answer: Err(failure), cost: Cost::default(), log: Vec::new(), exchanges: Vec::new(), detail }
}

/// What kind of failure an error of a call is.
fn classify(error: &wasmtime::Error, wanted_more_memory: bool) -> Failure {
    if error.downcast_ref::<BadAnswer>().is_some() {
        return Failure::BadAnswer;
    }
    match error.downcast_ref::<Stopped>() {
        Some(Stopped::NotConfigured(_) | Stopped::Unreadable | Stopped::Unanswered(Unanswered::Failed)) => {
            return Failure::Host;
        }
        Some(Stopped::ReadTooMuch | Stopped::AskedTooMuch) => return Failure::OutOfFuel,
        Some(Stopped::ImportTooEarly | Stopped::Unanswered(Unanswered::NotGranted)) => return Failure::Trap,
        Some(Stopped::Unanswered(Unanswered::Diverged)) => return Failure::Diverged,
        None => {}
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::OutOfFuel,
        // A guest that gets no memory gives up by itself: that it wanted too much is the reason.
        Some(_) if wanted_more_memory => Failure::OutOfMemory,
        Some(_) => Failure::Trap,
        None if wanted_more_memory => Failure::OutOfMemory,
        None if error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>().is_some() => Failure::Host,
        // The engine could not make an answer of what the guest left: pointers out of bounds, broken UTF-8, too much of it.
        None => Failure::BadAnswer,
    }
}
