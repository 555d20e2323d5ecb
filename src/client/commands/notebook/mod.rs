//! The notebook: stars with tags and notes, reviews, and what a year of looking up words was like.

pub mod list;
pub mod star;
