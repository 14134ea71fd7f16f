//! The arguments of `bin/vectors.rs`.

use sanderling_engine::vector::{IndexKind, Quantization};
use std::path::PathBuf;

/// The lines that explain them.
pub const USAGE: &str = "\
vectors [--set wordnet|scifact|uniform|clustered] [--rows N] [--index auto|flat|ivf|hnsw] [--recall 0.95,0.99]
  --data FOLDER     where the data sets lie; otherwise SANDERLING_DATA or ../shared/data
  --prepared FOLDER read the set from where --prepare wrote it
  --prepare FOLDER  write the set, its queries and their true neighbours there, and end
                    --index may have a quantization behind a colon, as in ivf:rabitq
  --rounds N        how often every query is asked, 3 if not said
  --filters         searches behind filters too
  --bandwidth       the exact scan beside a plain read of the vectors too
  --growing         the index of a growing segment, to which vectors came one by one
  --serve           build, then do what each line of the input says: round, filters, bandwidth
  --json            records as JSON";

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the data set.
    pub set: String,
    /// The vectors to take of it at most.
    pub rows: usize,
    /// The index to build, as a schema asks for it.
    pub index: (IndexKind, Quantization),
    /// The recalls to aim for; empty for all that are calibrated.
    pub recalls: Vec<f32>,
    /// Where the data sets lie.
    pub data: Option<PathBuf>,
    /// Where the set was prepared.
    pub prepared: Option<PathBuf>,
    /// Where to prepare the set.
    pub prepare: Option<PathBuf>,
    /// How often every query is asked.
    pub rounds: usize,
    /// Whether to search behind filters.
    pub filters: bool,
    /// Whether to measure the exact scan.
    pub bandwidth: bool,
    /// Whether the segment is a growing one.
    pub growing: bool,
    /// Whether to wait for commands.
    pub serve: bool,
    /// Whether to print JSON.
    pub json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            set: "wordnet".to_owned(),
            rows: 100_000,
            index: (IndexKind::Auto, Quantization::Auto),
            recalls: Vec::new(),
            data: None,
            prepared: None,
            prepare: None,
            rounds: 3,
            filters: false,
            bandwidth: false,
            growing: false,
            serve: false,
            json: false,
        }
    }
}

impl Options {
    /// Reads the arguments of a program.
    ///
    /// # Errors
    /// A sentence about the first argument that is not understood.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            if options.switch(&name) {
                continue;
            }
            let value = arguments.next().ok_or(format!("{name} needs a value, or is unknown"))?;
            options.set_value(&name, &value).ok_or(format!("{name} {value} is not understood"))?;
        }
        Ok(options)
    }

    fn switch(&mut self, name: &str) -> bool {
        let switch = match name {
            "--filters" => &mut self.filters,
            "--bandwidth" => &mut self.bandwidth,
            "--growing" => &mut self.growing,
            "--serve" => &mut self.serve,
            "--json" => &mut self.json,
            _ => return false,
        };
        *switch = true;
        true
    }

    fn set_value(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--set" => value.clone_into(&mut self.set),
            "--rows" => self.rows = value.parse().ok()?,
            "--rounds" => self.rounds = value.parse().ok().filter(|rounds| *rounds > 0)?,
            "--recall" => self.recalls = value.split(',').map(|part| part.parse().ok()).collect::<Option<_>>()?,
            "--data" => self.data = Some(value.into()),
            "--prepared" => self.prepared = Some(value.into()),
            "--prepare" => self.prepare = Some(value.into()),
            "--index" => {
                let (index, quantization) = value.split_once(':').unwrap_or((value, "auto"));
                self.index = (IndexKind::from_name(index)?, Quantization::from_name(quantization)?);
            }
            _ => return None,
        }
        Some(())
    }
}
