//! `stella-native capsule` as a caller sees it: real programs, compiled here, run in real capsules.

mod caps;
mod determinism;
mod life;
mod requests;
mod stacks;
mod support;
mod walls;
