internal import ArgumentParser
internal import Server

/// Settings that form one group in the help.
protocol SettingGroup: Sendable {
    static var settings: [Setting] { get }
}

/// The settings of a single process.
enum ProcessSettings: SettingGroup {
    static var settings: [Setting] { Setting.ofOneProcess }
}

/// The settings about the other processes of a cluster.
enum ClusterSettings: SettingGroup {
    static var settings: [Setting] { Setting.roles }
}

/// The flags of `brume start`, made of `Setting`, so that a setting without its flag, or with another help, cannot be.
///
/// ArgumentParser reflects a value to find what there is to parse, and decodes another one from what was parsed; both
/// are written out here, where a property for each flag would say everything a second time.
struct SettingOptions<Group: SettingGroup>: ParsableArguments, CustomReflectable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }

    /// Setting names with the texts that were given, one for each use of the flag.
    private var given: [String: [String]] = [:]

    /// The given texts, joined to one for each setting.
    func flags() throws(ConfigurationError) -> [String: String] {
        var flags: [String: String] = [:]
        for setting in Group.settings {
            flags[setting.name] = try setting.joined(self.given[setting.name] ?? [])
        }
        return flags
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for setting in Group.settings {
            let key = Key(stringValue: setting.name)
            self.given[setting.name] =
                if setting.isSwitch {
                    try container.decode(Flag<Bool>.self, forKey: key).wrappedValue ? ["true"] : []
                } else if setting.isList {
                    try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                } else {
                    try container.decode(Option<String?>.self, forKey: key).wrappedValue.map { [$0] } ?? []
                }
        }
    }

    var customMirror: Mirror {
        Mirror(self, children: Group.settings.map { (label: $0.name, value: $0.argument) })
    }
}

/// Outside the generic type, so that it is compiled once.
extension Setting {
    /// What a shell completes.
    private static var choices: [String: [String]] {
        ["durability": ["durable", "relaxed"], "compat": ["none", "localstack"], "table-metrics": ["true", "false"]]
    }

    fileprivate var argument: Any {
        let name = NameSpecification.customLong(self.name)
        let summary = self.summary.prefix(1).uppercased() + self.summary.dropFirst()
        if self.isSwitch { return Flag(wrappedValue: false, name: name, help: "\(summary).") }
        // The last word of the name is short, and says as much: `--drain-seconds <seconds>`.
        let value = self.name.split(separator: "-").last.map(String.init)
        let help = ArgumentHelp("\(summary) (default: \(self.standard)).", valueName: value)
        if self.isList { return Option<[String]>(wrappedValue: [], name: name, help: help) }
        let choices = Self.choices[self.name] ?? (self.standard.hasPrefix("true") ? ["true", "false"] : nil)
        return Option<String?>(
            name: name, help: help, completion: choices.map { .list($0) } ?? (self.isPath ? .file() : nil))
    }
}
