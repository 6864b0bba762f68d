//! A day in the print house, part by part.
//! Refuses to go on with a letter whose status it has not seen, and to work on one twice.

mod books;
mod flows;
mod job;
mod lists;
mod moves;
mod paths;
mod prepare;
mod produce;
mod take_on;

use std::collections::HashSet;

use letterproof_model::LetterId;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use crate::error::SupplierError;
use crate::faults::Faults;
use crate::habits::Manner;
use crate::line::Line;
use crate::report::{PartReport, ShiftReport};
use crate::settings::SupplierSettings;
use crate::shift::{Part, Shift};
use job::Job;

/// How far a piece of the day's work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayProgress<'a> {
    /// What is being done, as a short phrase.
    pub what: &'a str,
    /// How many letters are done.
    pub done: usize,
    /// How many there are, where known.
    pub total: Option<usize>,
}

/// Who is told how far the day is.
pub(crate) type Listener<'a> = dyn Fn(DayProgress<'_>) + Send + Sync + 'a;

/// A day in the print house.
pub(crate) struct Day<'a> {
    settings: &'a SupplierSettings,
    faults: &'a Faults,
    line: &'a Line,
    progress: &'a Listener<'a>,
    report: &'a Mutex<ShiftReport>,
    /// Letters taken on today.
    jobs: Vec<Job>,
    /// Letters that were handled, so that none is handled twice.
    known: HashSet<LetterId>,
    /// Until when letters that were listed and not handled are hidden.
    hidden_until: Option<Instant>,
    /// Whether the one letter that a fault sends astray has been sent.
    strayed: bool,
    /// Days that a habit has let pass.
    days: u32,
}

impl<'a> Day<'a> {
    pub(crate) fn new(
        settings: &'a SupplierSettings,
        faults: &'a Faults,
        line: &'a Line,
        progress: &'a Listener<'a>,
        report: &'a Mutex<ShiftReport>,
    ) -> Self {
        Self {
            settings,
            faults,
            line,
            progress,
            report,
            jobs: Vec::new(),
            known: HashSet::new(),
            hidden_until: None,
            strayed: false,
            days: 0,
        }
    }

    /// Works the day.
    pub(crate) async fn work(mut self, shift: Shift) -> Result<(), SupplierError> {
        let mut whole = Vec::new();
        for part in shift.parts() {
            self.tell(part.as_str(), 0, None);
            let text = match part {
                Part::Connect => self.connect(&shift).await?,
                Part::WholeList => {
                    whole = self.whole_list().await?;
                    format!("{} letters listed", whole.len())
                }
                Part::ListAgain => self.list_again(&whole).await?,
                Part::TakeOn => self.take_on().await?,
                Part::Fetch => self.fetch().await?,
                Part::Produce => {
                    let first = self.produce(&shift).await?;
                    self.fetch_afterwards().await?;
                    self.further_lists(&shift)
                        .await?
                        .map_or(first, |lists| format!("{lists} lists"))
                }
                Part::Report => self.submit().await?,
                Part::FastIntake => self.fast_intake().await?,
            };
            self.report.lock().parts.push(PartReport { part, text });
        }
        Ok(())
    }

    /// Whether the next list waits until the last one was produced.
    fn list_by_list(&self) -> bool {
        self.settings.has(Manner::ListByList) || self.settings.has(Manner::ReportEachDay)
    }

    /// Where a habit wants it: takes on and produces the further lists, one after another. Gives how
    /// many lists there were.
    async fn further_lists(&mut self, shift: &Shift) -> Result<Option<usize>, SupplierError> {
        if !self.list_by_list() {
            return Ok(None);
        }
        for lists in 1.. {
            let known = self.known.len();
            if self.settings.has(Manner::ReportEachDay) {
                self.submit().await?;
                self.let_a_day_pass().await;
            }
            self.take_on().await?;
            if self.known.len() == known {
                return Ok(Some(lists));
            }
            self.fetch().await?;
            self.produce(shift).await?;
        }
        Ok(None)
    }

    /// Waits until the next day; the day's token is not kept.
    async fn let_a_day_pass(&mut self) {
        self.tell("waiting for the next day", 0, None);
        sleep(self.settings.day).await;
        self.line.begin_day();
        self.days += 1;
    }

    /// Tells how far a piece of work is.
    fn tell(&self, what: &str, done: usize, total: Option<usize>) {
        (self.progress)(DayProgress { what, done, total });
    }

    /// Puts something down for a person to look into.
    fn note(&self, problem: String) {
        self.report.lock().problems.push(problem);
    }
}
