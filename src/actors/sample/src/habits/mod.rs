//! The catalogue of habits: allowed ways of working that are not the sample supplier's usual ones.
//!
//! A habit is no fault: nobody may be blamed for it. The work asks for habits at the few points
//! where suppliers differ. Refuses unknown names, like the catalogue of faults.

mod catalogue;
mod manner;
mod name;

pub use catalogue::{HabitEntry, habit_catalogue};
pub(crate) use manner::Manner;
pub use name::Habit;
