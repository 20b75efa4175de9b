//! The machine that a measurement ran on.

use std::{fmt, thread};

/// Description of a machine, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// Number of processors available to this program.
    pub processors: usize,
    /// Memory in bytes; 0 if unknown.
    pub memory: u64,
    /// The kernel's version.
    pub kernel: String,
    /// The operating system and its release.
    pub system: String,
    /// Whether it is a virtual machine.
    pub virtual_machine: bool,
}

impl Machine {
    /// Describes this machine.
    #[must_use]
    pub fn here() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let [cpuinfo, meminfo] = ["/proc/cpuinfo", "/proc/meminfo"].map(read);
        let [kernel, release] = ["/proc/sys/kernel/osrelease", "/etc/os-release"].map(read);
        Self { processors, ..Self::parse(&cpuinfo, &meminfo, &kernel, &release) }
    }

    /// Parses Linux's files; falls back to what the program was built for if they are missing.
    fn parse(cpuinfo: &str, meminfo: &str, kernel: &str, release: &str) -> Self {
        let field = |text: &str, name: &str, separator: char| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(separator));
            pairs
                .find(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        let kilobytes = field(meminfo, "MemTotal", ':')
            .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
        let flags = field(cpuinfo, "flags", ':').unwrap_or_default();
        Self {
            processor: field(cpuinfo, "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.into()),
            processors: 1,
            memory: kilobytes.unwrap_or_default().saturating_mul(1024),
            kernel: kernel.trim().to_owned(),
            system: field(release, "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.into()),
            virtual_machine: flags.split_whitespace().any(|flag| flag == "hypervisor"),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = if self.processors == 1 { "one core" } else { "cores" };
        if self.processors != 1 {
            write!(f, "{} ", self.processors)?;
        }
        write!(f, "{cores} of {}", self.processor)?;
        if self.virtual_machine {
            f.write_str(" (virtual machine)")?;
        }
        if self.memory > 0 {
            write!(f, ", {:.1} GiB of memory", self.memory as f64 / f64::from(1 << 30))?;
        }
        write!(f, ", {}", self.system)?;
        if !self.kernel.is_empty() {
            write!(f, ", kernel {}", self.kernel)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_says_what_it_runs_on() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) @ 2.20GHz\nflags\t\t: fpu hypervisor avx2\n\n\
            processor\t: 1\nmodel name\t: another\n";
        let release = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        let machine =
            Machine::parse(cpuinfo, "MemTotal:        8148000 kB\nMemFree: 1 kB\n", "6.1.0\n", release);
        assert_eq!(
            Machine { processors: 2, ..machine }.to_string(),
            "2 cores of Intel(R) Xeon(R) @ 2.20GHz (virtual machine), 7.8 GiB of memory, Debian GNU/Linux 12 (bookworm), \
             kernel 6.1.0"
        );
    }

    #[test]
    fn a_machine_that_says_nothing_is_described_by_what_the_program_was_built_for() {
        let told = Machine::parse("", "", "", "").to_string();
        assert_eq!(told, format!("one core of {}, {}", std::env::consts::ARCH, std::env::consts::OS));
        assert!(Machine::here().processors > 0);
    }
}
