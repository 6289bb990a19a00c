//! Work on many like things, shared out among a few threads.

/// `work` of 0 to `count` - 1, in order.
pub fn map<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let share = count.div_ceil(threads.max(1)).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let starts = (0..count).step_by(share);
        let workers: Vec<_> =
            starts.map(|start| scope.spawn(move || (start..count.min(start + share)).map(work).collect::<Vec<_>>())).collect();
        let mut results = Vec::with_capacity(count);
        for worker in workers {
            results.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn each_thing_is_done_once_and_in_order() {
        for count in [0, 1, 2, 3, 1000] {
            for threads in [0, 1, 2, 3] {
                assert_eq!(map(count, threads, |i| i * i), (0..count).map(|i| i * i).collect::<Vec<_>>());
            }
        }
    }
}
