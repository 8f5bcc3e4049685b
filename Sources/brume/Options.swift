internal import ArgumentParser
internal import Primitives
internal import Server

/// The location of the data, for commands that work on a data directory.
struct DirectoryOptions: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp("Data directory (default: $BRUME_DATA_DIR, or ~/.brume).", valueName: "directory"),
        completion: .directory)
    var dataDirectory: String?

    @Option(
        help: ArgumentHelp(
            "Configuration file (default: $BRUME_CONFIG, or config.yaml in the data directory).", valueName: "file"),
        completion: .file())
    var config: String?

    private var flags: [String: String] { self.dataDirectory.map { ["data-dir": $0] } ?? [:] }

    func load() throws -> Configuration { try self.loaded().configuration }

    /// For commands that list what there is: nothing is there as well where the directory was mistyped.
    func loadToList() throws -> Configuration {
        let configuration = try self.load()
        if Files.facts(configuration.dataDirectory) == nil {
            Terminal.error("there is no data directory \(configuration.dataDirectory.visible) yet")
        }
        return configuration
    }

    /// - Parameter file: the configuration file, where it is not named by `--config`.
    /// - Returns: the configuration, with the source of each setting.
    /// - Throws: the exit code, after the error has been printed.
    func loaded(file: String? = nil) throws -> LoadedConfiguration {
        try loadConfiguration(flags: self.flags, file: file ?? self.config)
    }

    /// For `brume doctor`, to which a mistake is one finding among others.
    func configuration() throws(ConfigurationError) -> Configuration {
        try configurationSource(flags: self.flags, file: self.config)().configuration
    }

    /// The data directory in spite of a mistake in the configuration; nil where the mistake hides it.
    var plainDirectory: String? {
        ConfigurationLoader.dataDirectory(
            flags: self.flags, environment: ProcessEnvironment.variables, file: self.config,
            currentDirectory: ProcessEnvironment.currentDirectory)
    }
}

/// The format of results.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Combines flags, this process's environment and the file.
func configurationSource(flags: [String: String], file: String?) -> LiveConfiguration.Source {
    { () throws(ConfigurationError) in
        try ConfigurationLoader.load(
            flags: flags,
            environment: ProcessEnvironment.variables,
            file: file,
            coreCount: ProcessEnvironment.coreCount,
            currentDirectory: ProcessEnvironment.currentDirectory
        )
    }
}

/// Loads the configuration, or exits with a sentence that says what is wrong.
func loadConfiguration(flags: [String: String], file: String?) throws -> LoadedConfiguration {
    try orExitForConfiguration { () throws(ConfigurationError) in
        try configurationSource(flags: flags, file: file)()
    }
}

/// Runs `work`, or exits with a sentence that says what is wrong with the configuration.
func orExitForConfiguration<Value>(_ work: () throws(ConfigurationError) -> Value) throws -> Value {
    do throws(ConfigurationError) {
        return try work()
    } catch {
        throw Exit.failure(Exit(StartError(error.reason, error.sentence)), error.sentence)
    }
}

/// A text as a JSON string.
func quoted(_ text: String) -> String {
    var output: [UInt8] = []
    JSONText.append(quoted: text.utf8.span, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// Runs `work`, or exits with the error's sentence and exit code.
func orExit<Value>(_ work: () throws(StartError) -> Value) throws -> Value {
    do throws(StartError) {
        return try work()
    } catch {
        throw Exit.failure(Exit(error), error.sentence)
    }
}
