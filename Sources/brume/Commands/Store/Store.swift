internal import ArgumentParser
internal import Server

/// `brume store`: work on stores that no server uses.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a store while no server uses it.", subcommands: [Copy.self])

    /// `brume store copy`
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a whole store to a new place.",
            discussion: """
                A store is the data directory of a server or the URL of a PostgreSQL database. Stop every server that \
                uses either of them first.

                  brume store copy --from ~/.brume --to postgres://brume@db/brume

                The copy is read back and compared before it takes its place. If it is interrupted, run the command \
                again. Access keys and certificates in the data directory are not copied.
                """
        )

        /// A shorter copy prints no progress, only its end.
        private static let progressSeconds = 2.0

        @Option(help: ArgumentHelp("Store to copy.", valueName: "store"), completion: .directory)
        var from: String

        @Option(
            help: ArgumentHelp("Place of the copy, which must not have a store yet.", valueName: "store"),
            completion: .directory)
        var to: String

        func run() async throws {
            Interruption.announce {
                Terminal.error("stopped; there is no copy yet: run the same command again, which starts over")
            }
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
                    "copied and verified: \(report.records) records and \(report.logEntries) entries of change logs, "
                        + "\(report.bytes) bytes, SHA-256 \(report.digest)")
            } catch {
                throw Exit.failure(Exit(error), error.sentence)
            }
        }

        private static func line(_ progress: StoreCopy.Progress) -> String {
            "\(progress.isVerifying ? "verified" : "copied") \(progress.records) records, \(progress.logEntries) "
                + "entries of change logs, \(progress.bytes >> 20) MiB"
        }
    }
}
