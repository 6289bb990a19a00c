//! What one run may use, and how its command line is read.

use stella_frame::Failure;

/// Bounds of one run; reaching one is a typed failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub cpu_seconds_max: u64,
    pub memory_bytes_max: u64,
    pub file_bytes_max: u64,
    pub functions_max: usize,
    pub units_max: usize,
    pub references_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_seconds_max: 120,
            memory_bytes_max: 4 << 30,
            file_bytes_max: 512 << 20,
            functions_max: 2_000_000,
            units_max: 8_000_000,
            references_max: 64_000_000,
        }
    }
}

/// A parsed command line: the file, what follows it, and the switches.
#[derive(Debug, Default)]
pub struct Arguments {
    pub path: String,
    pub rest: Vec<String>,
    pub limits: Limits,
    pub symbols: bool,
}

fn usage(message: String) -> Failure {
    Failure::new(
        "USAGE",
        message,
        "stella-native lift|index|identify|symbolize <path> [--cpu-seconds-max N] [--memory-bytes-max N] [--file-bytes-max N]",
    )
}

/// Reads `<path> [positional…] [--option N]…`. Errors: `USAGE`.
pub fn parse_arguments(args: &[String]) -> Result<Arguments, Failure> {
    let mut parsed = Arguments::default();
    let mut positional = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let mut number = |max: u64| -> Result<u64, Failure> {
            let text = words.next().ok_or_else(|| usage(format!("{word} needs a number")))?;
            match text.parse::<u64>() {
                Ok(n) if n > 0 && n <= max => Ok(n),
                _ => Err(usage(format!("{word}: {text:?} is not a number from 1 to {max}"))),
            }
        };
        match word.as_str() {
            "--cpu-seconds-max" => parsed.limits.cpu_seconds_max = number(86_400)?,
            "--memory-bytes-max" => parsed.limits.memory_bytes_max = number(1 << 40)?,
            "--file-bytes-max" => parsed.limits.file_bytes_max = number(1 << 34)?,
            "--symbols" => parsed.symbols = true,
            option if option.starts_with("--") => return Err(usage(format!("unknown option {option:?}"))),
            _ => positional.push(word.clone()),
        }
    }
    if positional.is_empty() {
        return Err(usage("a path is needed".into()));
    }
    parsed.path = positional.remove(0);
    parsed.rest = positional;
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_bounded_and_unknown_ones_refused() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let parsed = parse_arguments(&words("a.out --cpu-seconds-max 7")).unwrap();
        assert_eq!((parsed.path.as_str(), parsed.limits.cpu_seconds_max), ("a.out", 7));
        for bad in ["--symbols", "a --cpu-seconds-max 0", "a --cpu-seconds-max", "a --cpu-seconds-max x", "a --bogus"] {
            assert_eq!(parse_arguments(&words(bad)).unwrap_err().reason, "USAGE", "{bad}");
        }
    }
}
