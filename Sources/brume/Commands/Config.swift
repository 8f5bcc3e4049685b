internal import ArgumentParser
internal import Server

/// `brume config`: looks at the configuration without starting anything.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check or show the configuration.",
        discussion: """
            Options of `brume start` override environment variables, which override the configuration file, which \
            overrides the defaults.
            """,
        subcommands: [Check.self, Show.self],
        defaultSubcommand: Show.self
    )

    /// `brume config check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a configuration file and the environment.",
            usage: "brume config check [<options>] [<file>]",
            discussion: "Exits with 78 and prints file, line and column if something is wrong."
        )

        @Argument(help: "File to check (default: config.yaml in the data directory).", completion: .file())
        var file: String?

        @OptionGroup var directory: DirectoryOptions

        func validate() throws {
            guard self.file == nil || self.directory.config == nil else {
                throw ValidationError("Give the file once: as an argument or with --config.")
            }
        }

        func run() throws {
            let loaded = try self.directory.loaded(file: self.file)
            let count = loaded.words.values.count { word in
                if case .file = word.origin { true } else { false }
            }
            Terminal.output(
                loaded.isFileThere
                    ? "\(loaded.file): valid; \(count) \(count == 1 ? "setting applies" : "settings apply")"
                    : "\(loaded.file) does not exist; the environment and the defaults are valid")
            if let sentence = loaded.configuration.cluster.idleSentence { Terminal.output(Terminal.warning(sentence)) }
        }
    }

    /// `brume config show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every setting, its value, and where the value comes from.",
            usage: "brume config show [<options>]",
            discussion: """
                A running server applies changes of a setting marked "live" when it reloads its file, others at the \
                next start. The options of a running server are not known here.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Flag(help: "Show only settings that are given somewhere.")
        var changed = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() throws {
            let loaded = try self.directory.loaded()
            let settings = Setting.all.filter { !self.changed || loaded.words[$0.name] != nil }
            switch self.output {
            case .text:
                let rows = settings.map { setting in
                    let word = loaded.words[setting.name]
                    return [
                        setting.name, word.map { setting.shown($0.text) } ?? setting.standard,
                        Self.origin(setting, word),
                        setting.isLive ? "live" : "at start",
                    ]
                }
                TextTable.lines([["SETTING", "VALUE", "FROM", "CHANGES"]] + rows).forEach(Terminal.output)
            case .json:
                let rows = settings.map { setting in
                    let word = loaded.words[setting.name]
                    let value = word.map { quoted(setting.shown($0.text)) } ?? "null"
                    return "{\"name\":\(quoted(setting.name)),\"value\":\(value),"
                        + "\"default\":\(quoted(setting.standard)),\"from\":\(quoted(Self.origin(setting, word))),"
                        + "\"live\":\(setting.isLive)}"
                }
                Terminal.output("[" + rows.joined(separator: ",") + "]")
            }
        }

        private static func origin(_ setting: Setting, _ word: LoadedConfiguration.Word?) -> String {
            switch word?.origin {
            case nil: "default"
            case .flag: "--\(setting.name)"
            case .environment: setting.environmentVariable
            case .file(let place): place
            }
        }
    }
}
