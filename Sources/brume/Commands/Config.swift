internal import ArgumentParser
internal import Server

/// `brume config`: looks at the configuration without starting anything.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check and show the configuration.",
        discussion: "Flags beat environment variables, which beat the file, which beats the defaults.",
        subcommands: [Check.self, Show.self],
        defaultSubcommand: Show.self
    )

    /// `brume config check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with a configuration file and the environment.",
            discussion: "Ends with 78 and names the file, line and column where something is wrong."
        )

        @Argument(help: "The file (default: config.yaml in the data directory).", completion: .file())
        var file: String?

        @OptionGroup var directory: DirectoryOptions

        func validate() throws {
            guard self.file == nil || self.directory.config == nil else {
                throw ValidationError("Name the file once: as an argument or with --config.")
            }
        }

        func run() throws {
            let loaded = try self.directory.loaded(file: self.file)
            let count = loaded.words.values.count { word in
                if case .file = word.origin { true } else { false }
            }
            Terminal.output(
                loaded.isFileThere
                    ? "\(loaded.file): well; \(count) \(count == 1 ? "setting holds" : "settings hold")"
                    : "\(loaded.file) is not there: environment and defaults hold, and they are well")
            if let sentence = loaded.configuration.cluster.idleSentence { Terminal.output(Terminal.warning(sentence)) }
        }
    }

    /// `brume config show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting, its value, and where that was said.",
            discussion: """
                A setting marked "live" holds at once when a running server reads its file again; others wait for a \
                restart. Flags of a running server are not known here.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Flag(help: "Leave out what has its default.")
        var changed = false

        @Option(help: "How the result is written.")
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
                        setting.isLive ? "live" : "",
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
