internal import ServiceKit

/// Puts flags, environment, file and defaults together; the earlier of them wins.
package enum ConfigurationLoader {
    /// Joins what the user said: flags beat the environment, the environment beats the file.
    ///
    /// - Parameters:
    ///   - flags: setting name to text, as given on the command line.
    ///   - environment: all variables of the process; those that begin with `BRUME_` and are no setting are refused
    ///     unless they are listed in `otherVariables`.
    ///   - file: the file named by `--config`; nil: `config.yaml` in the data directory, if it is there.
    ///   - coreCount: for the default of `loops`.
    /// - Returns: every setting, with its default where nobody said otherwise.
    /// - Throws: the setting that is unknown or cannot be read, and where it was said.
    package static func load(
        flags: [String: String], environment: [String: String], file: String?, coreCount: Int
    ) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        configuration.loops = max(1, min(coreCount, 8))
        configuration.dataDirectory = (environment["HOME"] ?? "/var/lib") + "/.brume"
        for (name, _) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("BRUME_") {
            guard self.otherVariables.contains(name) || Setting.all.contains(where: { $0.environmentVariable == name })
            else { throw ConfigurationError("environment variable \(name): there is no such setting") }
        }
        // The data directory decides where the file is, so it is looked up first.
        let directory = flags["data-dir"] ?? environment["BRUME_DATA_DIR"] ?? configuration.dataDirectory
        let path = file ?? environment["BRUME_CONFIG"]
        if let text = try self.text(of: path, standard: "\(directory)/config.yaml") {
            try self.apply(file: text.text, path: text.path, to: &configuration)
        }
        for setting in Setting.all {
            if let text = environment[setting.environmentVariable] {
                try self.apply(setting, text, "environment variable \(setting.environmentVariable)", &configuration)
            }
            if let text = flags[setting.name] {
                try self.apply(setting, text, "--\(setting.name)", &configuration)
            }
        }
        guard (configuration.tlsCertificate == nil) == (configuration.tlsKey == nil) else {
            throw ConfigurationError("tls-cert and tls-key go together: give both or neither")
        }
        return configuration
    }

    /// Variables with the prefix that are not settings.
    package static let otherVariables: Set<String> = [
        "BRUME_CONFIG", "BRUME_ROOT_ACCESS_KEY_ID", "BRUME_ROOT_SECRET_ACCESS_KEY", "BRUME_CRASH_AT",
        "BRUME_PROTOCOL_CASES", "BRUME_TEST_SEED",
    ]

    /// The largest configuration file that is read, in bytes.
    static let fileBytesMax = 1 << 20

    private static func text(
        of path: String?, standard: String
    ) throws(ConfigurationError) -> (path: String, text: String)? {
        do throws(FileError) {
            let bytes = try Files.read(path ?? standard)
            guard bytes.count <= self.fileBytesMax, let text = String(validating: bytes, as: UTF8.self) else {
                throw FileError.unusable(path: path ?? standard, reason: "it is not a text of at most 1 MiB in UTF-8")
            }
            return (path ?? standard, text)
        } catch .absent {
            guard let path else { return nil }
            throw ConfigurationError("\(path): there is no such file")
        } catch {
            throw ConfigurationError(error.sentence)
        }
    }

    private static func apply(
        file text: String, path: String, to configuration: inout Configuration
    ) throws(ConfigurationError) {
        let root: YAMLNode?
        do throws(YAMLError) {
            root = try YAMLNode.document(text)
        } catch {
            throw ConfigurationError("\(self.place(path, error.place)): this is no YAML: \(error.reason)")
        }
        guard let root else { return }
        guard case .mapping(let mapping, _) = root else {
            throw ConfigurationError("\(path): the file is a list of `name: value` lines")
        }
        var seen: Set<String> = []
        for (key, value) in mapping {
            let place = self.place(path, key.place)
            guard let name = key.text, let setting = Setting.all.first(where: { $0.name == name }) else {
                throw ConfigurationError("\(place): there is no setting of the name `\(key.text ?? "?")`")
            }
            guard seen.insert(name).inserted else {
                throw ConfigurationError("\(place): `\(name)` is set twice")
            }
            try self.apply(setting, try self.scalar(value, self.place(path, value.place)), place, &configuration)
        }
    }

    private static func scalar(_ node: YAMLNode, _ place: String) throws(ConfigurationError) -> String {
        switch node {
        case .scalar(let text, _): return text
        case .sequence(let nodes, _) where nodes.allSatisfy({ $0.text != nil }):
            return nodes.compactMap(\.text).joined(separator: ",")
        case .sequence, .mapping:
            throw ConfigurationError("\(place): a text, a number or a list of them was expected")
        }
    }

    private static func place(_ path: String, _ place: YAMLPlace) -> String {
        "\(path):\(place.line):\(place.column)"
    }

    private static func apply(
        _ setting: Setting, _ text: String, _ source: String, _ configuration: inout Configuration
    ) throws(ConfigurationError) {
        do throws(ConfigurationError) {
            try setting.apply(text, &configuration)
        } catch {
            throw ConfigurationError("\(source): `\(setting.name)` \(error.sentence); it was \"\(text)\"")
        }
    }
}
