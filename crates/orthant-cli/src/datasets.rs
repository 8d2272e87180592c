//! `orthant datasets`: what comes with the program.

use crate::failure::{Failure, Outcome};
use crate::input::{Bundled, BundledName};
use crate::output::{Align, Table, print, write_file};
use std::path::PathBuf;

/// Without a subcommand: the list.
#[derive(Debug, clap::Args)]
pub(crate) struct DatasetsArguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the data sets (the default)
    List,
    /// Write a data set as CSV
    Export {
        /// Which one
        name: BundledName,
        /// The file to write; the standard output without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace the file when it exists
        #[arg(long)]
        force: bool,
    },
}

/// Runs the command.
pub(crate) fn run(arguments: &DatasetsArguments) -> Outcome<()> {
    match &arguments.action {
        None | Some(Action::List) => list(),
        Some(Action::Export { name, out, force }) => {
            let text = csv(&Bundled::load(*name)?)?;
            let Some(path) = out else {
                return String::from_utf8(text)
                    .map_err(|error| Failure::Internal(error.to_string()))
                    .and_then(|text| print(&text));
            };
            if path.exists() && !force {
                return Err(Failure::input(format!("`{}` exists; pass --force to replace it", path.display())));
            }
            write_file(path, &text)
        }
    }
}

fn list() -> Outcome<()> {
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("rows", Align::Right),
        ("variables", Align::Right),
        ("groups", Align::Left),
        ("licence", Align::Left),
        ("what", Align::Left),
    ]);
    for name in BundledName::ALL {
        let data = Bundled::load(name)?;
        table.row(vec![
            name.text().to_owned(),
            data.x.nrows().to_string(),
            data.x.ncols().to_string(),
            data.group.map_or("–", |(group, _)| group).to_owned(),
            name.licence().to_owned(),
            name.about().to_owned(),
        ]);
    }
    print(&table.text())
}

/// All variables, and the group as the last column.
fn csv(data: &Bundled) -> Outcome<Vec<u8>> {
    let internal = |error: csv::Error| Failure::Internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = data.names.clone();
    header.extend(data.group.as_ref().map(|(group, _)| (*group).to_owned()));
    writer.write_record(&header).map_err(internal)?;
    for (i, row) in data.x.rows().into_iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        cells.extend(data.group.as_ref().map(|(_, labels)| labels[i].to_string()));
        writer.write_record(&cells).map_err(internal)?;
    }
    writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}
