//! The sample supplier itself: made once, it works one day. Production, and settings that cannot
//! work, are refused before anything is sent.

use letterproof_wire::{is_loopback, is_production_host};
use parking_lot::Mutex;

use crate::day::{Day, Listener, Shift};
use crate::faults::{Fault, Faults};
use crate::line::Line;
use crate::report::{DayEnd, ShiftReport, SupplierError};
use crate::settings::{Access, SupplierSettings};

/// A sample supplier.
pub struct SampleSupplier {
    settings: SupplierSettings,
    faults: Faults,
}

impl std::fmt::Debug for SampleSupplier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleSupplier")
            .field("base_url", &self.settings.base_url.as_str())
            .finish_non_exhaustive()
    }
}

impl SampleSupplier {
    /// A supplier with these settings, honest without faults.
    ///
    /// # Errors
    /// The base URL leads to production or is none that can be called, or a number in the settings
    /// cannot work.
    pub fn new(
        settings: SupplierSettings,
        faults: impl IntoIterator<Item = Fault>,
    ) -> Result<Self, SupplierError> {
        check(&settings)?;
        Ok(Self { settings, faults: Faults::new(faults) })
    }

    /// What this supplier will do on its day.
    #[must_use]
    pub fn shift(&self) -> Shift {
        Shift::of(&self.settings.tests)
    }

    /// Works one day, until it is done, cannot go on, or `stop` is ready. `progress` is told how far
    /// it is; it is called often, so it must be quick.
    ///
    /// # Errors
    /// A secret or a file of trusted roots cannot be read. What goes wrong later is in the report.
    pub async fn run(
        &self,
        progress: &Listener<'_>,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<ShiftReport, SupplierError> {
        let line = Line::open(&self.settings, &self.faults).await?;
        let report = Mutex::new(ShiftReport::default());
        let day = Day::new(&self.settings, &self.faults, &line, progress, &report);
        let end = tokio::select! {
            done = day.work(self.shift()) => match done {
                Ok(()) => DayEnd::Whole,
                Err(error) => DayEnd::Broken(error.to_string()),
            },
            () = stop => DayEnd::Stopped,
        };
        Ok(ShiftReport { end, ..report.into_inner() })
    }
}

fn check(settings: &SupplierSettings) -> Result<(), SupplierError> {
    let wrong = |message: String| Err(SupplierError::Settings(message));
    let urls = match &settings.access {
        Access::SignedJwt { token_url, .. } => vec![&settings.base_url, token_url],
        _ => vec![&settings.base_url],
    };
    for url in urls {
        if is_production_host(url) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(SupplierError::Production { host });
        }
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return wrong(format!("`{}:` is not an http or https address", url.scheme()));
        }
        let secret = !matches!(settings.access, Access::None);
        if secret && url.scheme() == "http" && !is_loopback(url) {
            return wrong(format!(
                "{} is reached without TLS, and secrets go only over https or to this machine; use https",
                url.host_str().unwrap_or_default()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return wrong(format!(
                "the URL of {} carries a user or a query; give the plain address",
                url.host_str().unwrap_or_default()
            ));
        }
    }
    if settings.reseed.as_ref().is_some_and(|url| !is_loopback(url)) {
        return wrong("the address that fills the queue again must be on this machine".to_owned());
    }
    if let Err(refusal) = settings.guard() {
        return wrong(refusal.to_string());
    }
    for (name, number) in [
        ("rate limit", settings.rate_limit as usize),
        ("calls in flight", settings.in_flight),
        ("attempts", settings.attempts as usize),
    ] {
        if number == 0 {
            return wrong(format!("{name} must be 1 or more"));
        }
    }
    for (name, limit) in
        [("whole list", settings.whole_list), ("batch", settings.batch), ("chunk", settings.chunk)]
    {
        if !(1..=2_500).contains(&limit) {
            return wrong(format!("{name} = {limit}: the API lists from 1 to 2,500 letters"));
        }
    }
    Ok(())
}
