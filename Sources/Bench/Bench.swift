internal import ArgumentParser

/// `Bench`: what the server and its parts cost on this machine, beside what a bare answer costs.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Bench",
        abstract: "Measure the release build of brume beside a bare NIO server, and write the figures as JSON.",
        discussion: "docs/benchmarks.md says what each row means and how to compare two runs.",
        subcommands: [Measure.self, Growth.self, Bedrock.self, Gateway.self, Bare.self, StoreCommit.self]
            + Self.withPostgres,
        defaultSubcommand: Measure.self
    )

    #if Postgres
    private static let withPostgres: [any ParsableCommand.Type] = [Postgres.self]
    #else
    private static let withPostgres: [any ParsableCommand.Type] = []
    #endif
}
