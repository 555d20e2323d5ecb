//! The notebook: stars with tags and notes, reviews, and what a year of looking up words was like.

mod chart;
mod days;
pub mod import;
pub mod link;
pub mod list;
pub mod options;
pub mod pick;
pub mod review;
mod source;
pub mod speech;
pub mod star;
pub mod stats;
