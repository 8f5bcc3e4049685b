internal import Primitives

/// Combines flags, environment, file and defaults; the earlier takes precedence.
package enum ConfigurationLoader {
    /// Loads the configuration: flags override the environment, which overrides the file.
    ///
    /// - Parameters:
    ///   - flags: setting name to text, as given on the command line.
    ///   - environment: all variables of the process; those that begin with `BRUME_` and are no setting are refused
    ///     unless they are listed in `otherVariables`.
    ///   - file: the file named by `--config`; nil: `config.yaml` in the data directory, if it is there.
    ///   - coreCount: determines the default of `loops`.
    ///   - currentDirectory: the base of a relative data directory.
    /// - Returns: every setting, with its default if it was not given; the path of the data directory is absolute.
    /// - Throws: names the setting that is unknown or invalid, and where it was given.
    package static func load(
        flags: [String: String], environment: [String: String], file: String?, coreCount: Int,
        currentDirectory: String
    ) throws(ConfigurationError) -> LoadedConfiguration {
        for (name, _) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("BRUME_") {
            guard self.otherVariables.contains(name) || Setting.all.contains(where: { $0.environmentVariable == name })
            else { throw self.noVariable(name) }
        }
        var reading = self.reading(environment, coreCount: coreCount, currentDirectory: currentDirectory)
        let (path, standard) = self.files(flags, environment, file, reading)
        let text = try self.text(of: path, standard: standard)
        if let text { try self.apply(file: text.text, path: text.path, to: &reading) }
        for setting in Setting.all {
            if let text = environment[setting.environmentVariable] {
                try reading.apply(setting, text, .environment)
            }
            if let text = flags[setting.name] { try reading.apply(setting, text, .flag) }
        }
        return try reading.finished(file: path ?? standard, isFileThere: text != nil)
    }

    /// The data directory of a configuration that has a mistake, perhaps elsewhere.
    ///
    /// - Returns: nil where the mistake may hide that the file names another directory.
    package static func dataDirectory(
        flags: [String: String], environment: [String: String], file: String?, currentDirectory: String
    ) -> String? {
        let reading = self.reading(environment, coreCount: 1, currentDirectory: currentDirectory)
        let (path, standard) = self.files(flags, environment, file, reading)
        let directory = Files.parent(of: standard)
        guard (flags["data-dir"] ?? environment["BRUME_DATA_DIR"]) == nil else { return directory }
        // Whatever is wrong with the file is told already.
        guard let text = try? self.text(of: path, standard: standard), let root = try? YAMLNode.document(text.text)
        else { return path == nil ? directory : nil }
        guard case .mapping(let mapping, _) = root,
            let value = mapping.first(where: { $0.key.text == "data-dir" })?.value
        else { return directory }
        guard let given = value.text, !given.isEmpty else { return nil }
        return self.absolute(self.expanded(given, reading.machine.home), from: currentDirectory)
    }

    private static func reading(
        _ environment: [String: String], coreCount: Int, currentDirectory: String
    ) -> LoadedConfiguration.Reading {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return LoadedConfiguration.Reading(
            machine: .init(home: home, coreCount: coreCount, currentDirectory: currentDirectory))
    }

    /// The configuration file that is named, and the one that is read if none is.
    private static func files(
        _ flags: [String: String], _ environment: [String: String], _ file: String?,
        _ reading: LoadedConfiguration.Reading
    ) -> (named: String?, standard: String) {
        let home = reading.machine.home
        // The data directory decides where the file is, so it is looked up first.
        let given = flags["data-dir"] ?? environment["BRUME_DATA_DIR"] ?? reading.configuration.dataDirectory
        let directory = self.absolute(self.expanded(given, home), from: reading.machine.currentDirectory)
        return ((file ?? environment["BRUME_CONFIG"]).map { self.expanded($0, home) }, "\(directory)/config.yaml")
    }

    private static func noVariable(_ name: String) -> ConfigurationError {
        let near = Misspelling.nearest(to: name, among: Setting.all.map(\.environmentVariable))
        return ConfigurationError(
            "environment variable \(name): there is no such setting; "
                + (near.map { "did you mean \($0)?" } ?? "unset it (`brume help start` lists the settings)"))
    }

    private static func noSetting(_ name: String, _ place: String) -> ConfigurationError {
        let near = Misspelling.nearest(to: name, among: Setting.all.map(\.name))
        return ConfigurationError(
            "\(place): there is no setting `\(name)`; "
                + (near.map { "did you mean `\($0)`?" } ?? "`brume help start` lists the settings"))
    }

    /// Replaces `~` at the start of a path, as a shell does; `~name` is left unchanged.
    static func expanded(_ path: String, _ home: String?) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }

    static func absolute(_ path: String, from directory: String) -> String {
        if path.hasPrefix("/") { return path }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return directory + (directory.hasSuffix("/") ? "" : "/") + parts.joined(separator: "/")
    }

    /// Variables with the prefix that are not settings: ours, those of the tests, and those of the Compose files.
    package static let otherVariables: Set<String> = [
        "BRUME_CONFIG", "BRUME_ROOT_ACCESS_KEY_ID", "BRUME_ROOT_SECRET_ACCESS_KEY", "BRUME_CRASH_AT",
        "BRUME_PROTOCOL_CASES", "BRUME_TEST_SEED", ModelEngines.apiKeyVariable,
        "BRUME_BIND", "BRUME_IMAGE", "BRUME_ENGINE_IMAGE", "BRUME_BEDROCK_MEMORY", "BRUME_BEDROCK_CPUS",
        "BRUME_SECRETS",
    ]

    /// The largest configuration file that is read, in bytes.
    static let fileBytesMax = 1 << 20

    private static func text(
        of path: String?, standard: String
    ) throws(ConfigurationError) -> (path: String, text: String)? {
        do throws(FileError) {
            let bytes = try Files.read(path ?? standard, bytesMax: self.fileBytesMax)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                // A line end is no part of any other character, so each line stands for itself.
                let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
                throw FileError.unusable(
                    path: path ?? standard, reason: "line \(line + 1) is not UTF-8 text")
            }
            return (path ?? standard, text)
        } catch .absent {
            guard let path else { return nil }
            throw ConfigurationError("\(path): there is no such file")
        } catch {
            // If the directory belongs to another user, this is the first access that fails.
            guard path == nil, error.isRefusal else { throw ConfigurationError(error.sentence) }
            throw ConfigurationError(
                "the data directory cannot be used: \(error.sentence). Name another with --data-dir.",
                reason: .dataDirectory)
        }
    }

    private static func apply(
        file text: String, path: String, to reading: inout LoadedConfiguration.Reading
    ) throws(ConfigurationError) {
        let root: YAMLNode?
        do throws(YAMLError) {
            root = try YAMLNode.document(text)
        } catch {
            throw ConfigurationError("\(self.place(path, error.place)): this is not YAML: \(error.reason)")
        }
        guard let root else { return }
        guard case .mapping(let mapping, _) = root else {
            throw ConfigurationError(
                "\(self.place(path, root.place)): the file must consist of `name: value` lines")
        }
        var seen: Set<String> = []
        for (key, value) in mapping {
            let place = self.place(path, key.place)
            guard let name = key.text, let setting = Setting.all.first(where: { $0.name == name }) else {
                throw self.noSetting(key.text ?? "?", place)
            }
            guard seen.insert(name).inserted else {
                throw ConfigurationError("\(place): `\(name)` is set twice")
            }
            let text = try self.scalar(value, self.place(path, value.place))
            try reading.apply(setting, text, .file(place: place))
        }
    }

    private static func scalar(_ node: YAMLNode, _ place: String) throws(ConfigurationError) -> String {
        switch node {
        case .scalar(let text, _): return text
        case .sequence(let nodes, _) where nodes.allSatisfy({ $0.text != nil }):
            return nodes.compactMap(\.text).joined(separator: ",")
        case .sequence, .mapping:
            throw ConfigurationError("\(place): expected a text, a number or a list of them")
        }
    }

    private static func place(_ path: String, _ place: YAMLPlace) -> String {
        "\(path):\(place.line):\(place.column)"
    }
}
