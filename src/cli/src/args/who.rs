//! Options that state who stands behind a run.

use clap::Args;
use letterproof_model::{Who, WindowDates, stated};

use super::SUPPLIER;

/// Who stands behind a run: the evidence names them first, and no verdict depends on it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WhoOptions {
    /// The supplier's name for the evidence [default: the profile's]
    #[arg(long, value_name = "NAME", env = "LETTERPROOF_SUPPLIER", value_parser = stated,
        help_heading = SUPPLIER)]
    pub(crate) supplier_name: Option<String>,

    /// The id of the supplier's application on the API platform, not its key [default: the
    /// profile's]
    #[arg(long, value_name = "ID", env = "LETTERPROOF_APPLICATION_ID", value_parser = stated,
        help_heading = SUPPLIER)]
    pub(crate) application_id: Option<String>,

    /// The role of the person responsible for the test [default: the profile's]
    #[arg(long, value_name = "ROLE", env = "LETTERPROOF_TEST_MANAGER", value_parser = stated,
        help_heading = SUPPLIER)]
    pub(crate) test_manager: Option<String>,

    /// First and last day of the test window, such as 2026-11-02/2026-11-13 [default: the
    /// profile's]
    #[arg(long, value_name = "FROM/TO", env = "LETTERPROOF_WINDOW_DATES", help_heading = SUPPLIER)]
    pub(crate) window_dates: Option<WindowDates>,
}

impl WhoOptions {
    /// What was given here, and where nothing was, what the profile states.
    pub(crate) fn or(&self, profile: &Who) -> Who {
        let given = Who {
            supplier: self.supplier_name.clone(),
            application_id: self.application_id.clone(),
            test_manager: self.test_manager.clone(),
            window_dates: self.window_dates,
        };
        given.or(profile.clone())
    }
}
