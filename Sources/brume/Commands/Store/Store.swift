internal import ArgumentParser
internal import Server

/// `brume store`: work on stores that no server uses.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work on stores while no server uses them.", subcommands: [Copy.self])

    /// `brume store copy`
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy everything from one store to where there is none.",
            discussion: """
                A store is the data directory of a server or the address of a database: from --from ~/.brume to \
                --to postgres://brume@db/brume, or back. Stop every server on either first. The copy is read again and \
                compared before it is put in its place; one that was interrupted is begun again by the same command. \
                Keys and certificates in the data directory are not part of it.
                """
        )

        /// A copy that takes no longer says nothing but its end.
        private static let progressSeconds = 2.0

        @Option(help: ArgumentHelp("What is copied.", valueName: "store"), completion: .directory)
        var from: String

        @Option(help: ArgumentHelp("Where there is no store yet.", valueName: "store"), completion: .directory)
        var to: String

        func run() async throws {
            let started = ContinuousClock.now
            var shownSeconds = 0.0
            do throws(StartError) {
                let report = try await StoreCopy.run(from: self.from, to: self.to) { progress in
                    let seconds = started.duration(to: .now) / .seconds(1)
                    guard seconds - shownSeconds >= Self.progressSeconds else { return }
                    shownSeconds = seconds
                    Terminal.error(Self.line(progress))
                }
                Terminal.output(
                    "copied and compared: \(report.records) records and \(report.logEntries) entries of change logs, "
                        + "\(report.bytes) bytes, SHA-256 \(report.digest)")
            } catch {
                throw Exit.failure(Exit(error), error.sentence)
            }
        }

        private static func line(_ progress: StoreCopy.Progress) -> String {
            "\(progress.isVerifying ? "compared" : "copied") \(progress.records) records, \(progress.logEntries) "
                + "entries of change logs, \(progress.bytes >> 20) MiB"
        }
    }
}
