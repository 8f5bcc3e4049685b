internal import Primitives

/// A configuration, with the source of each setting.
package struct LoadedConfiguration: Sendable {
    /// The source of a setting.
    package enum Origin: Sendable, Equatable {
        case flag, environment
        /// As `path:line:column`.
        case file(place: String)
    }

    /// The text of a setting that takes precedence.
    package struct Word: Sendable, Equatable {
        package var text: String
        package var origin: Origin
    }

    /// What the defaults and relative paths depend on.
    struct MachineContext: Sendable {
        var home: String?
        var coreCount: Int
        var currentDirectory: String
    }

    package let configuration: Configuration
    /// The given settings by name; all others have their defaults.
    package let words: [String: Word]
    /// The configuration file, whether or not it exists.
    package let file: String
    package let isFileThere: Bool
    private let machine: MachineContext

    /// A configuration under construction.
    struct Reading {
        var configuration = Configuration()
        var words: [String: Word] = [:]
        let machine: MachineContext

        init(machine: MachineContext) {
            self.machine = machine
            self.configuration.loops = max(1, min(machine.coreCount, 8))
            self.configuration.dataDirectory = (machine.home ?? "/var/lib") + "/.brume"
        }

        /// Adds a setting; a later call overrides an earlier one.
        mutating func apply(_ setting: Setting, _ text: String, _ origin: Origin) throws(ConfigurationError) {
            do throws(ConfigurationError) {
                let path = setting.isPath ? ConfigurationLoader.expanded(text, self.machine.home) : text
                try setting.apply(path, &self.configuration)
            } catch {
                let source =
                    switch origin {
                    case .flag: "--\(setting.name)"
                    case .environment: "environment variable \(setting.environmentVariable)"
                    case .file(let place): "\(place): `\(setting.name)`"
                    }
                let shown = setting.shown(text)
                let isNamed = setting.isPath && !shown.isEmpty && error.sentence.contains(shown)
                // The error may be logged: a running server reads its configuration again.
                throw ConfigurationError(
                    AddressText.withoutSecrets(
                        "\(source) \(error.sentence)" + (isNamed ? "" : "; it was \"\(shown)\"")))
            }
            self.words[setting.name] = Word(text: text, origin: origin)
        }

        /// Otherwise the two listeners of one process would each report the other as "in use by another process".
        private func checkInternalPort() throws(ConfigurationError) {
            guard let inner = self.configuration.cluster.internalListen, inner.port == self.configuration.port,
                inner.port != 0
            else { return }
            let hosts = self.configuration.hosts
            guard !hosts.contains(inner.host), !(hosts + [inner.host]).contains("0.0.0.0") else {
                throw ConfigurationError(
                    "port and internal-listen are both \(inner.port) on one address: clients and gateways need a port "
                        + "each")
            }
        }

        consuming func finished(
            file: String, isFileThere: Bool
        ) throws(ConfigurationError) -> LoadedConfiguration {
            guard (self.configuration.tlsCertificate == nil) == (self.configuration.tlsKey == nil) else {
                throw ConfigurationError("tls-cert and tls-key go together: give both or neither")
            }
            try self.configuration.cluster.check()
            try self.checkInternalPort()
            self.configuration.dataDirectory = ConfigurationLoader.absolute(
                self.configuration.dataDirectory, from: self.machine.currentDirectory)
            return LoadedConfiguration(
                configuration: self.configuration, words: self.words, file: file, isFileThere: isFileThere,
                machine: self.machine)
        }
    }

    private init(
        configuration: Configuration, words: [String: Word], file: String, isFileThere: Bool,
        machine: MachineContext
    ) {
        self.configuration = configuration
        self.words = words
        self.file = file
        self.isFileThere = isFileThere
        self.machine = machine
    }

    /// A setting that was not given.
    init(_ configuration: Configuration) {
        self.init(
            configuration: configuration, words: [:], file: "", isFileThere: false,
            machine: MachineContext(home: nil, coreCount: 1, currentDirectory: "/"))
    }

    /// How a running server applies a configuration that was read again.
    package struct Change: Sendable {
        /// The configuration in force from now on.
        package let now: LoadedConfiguration
        /// Names of settings that are applied at once.
        package let changed: [String]
        /// Names of settings that need a restart.
        package let waiting: [String]
    }

    /// This configuration with the live settings of another one.
    /// - Throws: if they do not fit the other settings.
    package func taking(_ other: LoadedConfiguration) throws(ConfigurationError) -> Change {
        var changed: [String] = []
        var waiting: [String] = []
        var reading = Reading(machine: self.machine)
        for setting in Setting.all {
            let isSame = self.words[setting.name]?.text == other.words[setting.name]?.text
            if !isSame {
                if setting.isLive { changed.append(setting.name) } else { waiting.append(setting.name) }
            }
            let words = setting.isLive ? other.words : self.words
            if let word = words[setting.name] { try reading.apply(setting, word.text, word.origin) }
        }
        let now = try reading.finished(file: other.file, isFileThere: other.isFileThere)
        // The files of that name have different contents.
        if now.configuration.bedrockRules != self.configuration.bedrockRules, !changed.contains("bedrock-rules") {
            changed.append("bedrock-rules")
        }
        return Change(now: now, changed: changed, waiting: waiting)
    }

    /// The files whose changes change the configuration.
    var files: [String] {
        var files = self.file.isEmpty ? [] : [self.file]
        for setting in Setting.all where setting.isPath && setting.isLive {
            guard let word = self.words[setting.name] else { continue }
            files.append(ConfigurationLoader.expanded(word.text, self.machine.home))
        }
        return files
    }
}
