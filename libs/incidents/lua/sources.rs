//! Carries dependencies only.
