internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// Whether the most accessed and the most throttled keys of a table and of its global indexes are counted.
struct ContributorInsights: Sendable, Equatable {
    /// The setting of the table, or of one index.
    struct Setting: Sendable, Equatable {
        var isEnabled: Bool
        var mode: ContributorInsightsMode
        /// When it was last enabled, which the rules' names end with. A change of the mode does not change it.
        var enabled: Timestamp
        var changed: Timestamp
    }

    /// nil until it is enabled for the first time.
    var table: Setting?
    /// By index name; the settings of deleted indexes are ignored.
    var indexes: [String: Setting] = [:]

    /// Whether a request's keys may have to be counted.
    var isCounting: Bool {
        self.table?.isEnabled == true || (!self.indexes.isEmpty && self.indexes.values.contains(where: \.isEnabled))
    }

    subscript(_ index: String?) -> Setting? {
        get { index.map { self.indexes[$0] } ?? self.table }
        set {
            if let index { self.indexes[index] = newValue } else { self.table = newValue }
        }
    }
}

extension ContributorInsights {
    /// `{"table": setting, "indexes": {name: setting}}`, a setting being `[enabled, mode, enabled at, changed at]` with
    /// times in milliseconds since 1970; nil when there are no settings.
    var record: AttributeValue? {
        guard self.table != nil || !self.indexes.isEmpty else { return nil }
        var tree = AttributeTree()
        tree["table"] = self.table.map(Self.record)
        let indexes = self.indexes.sorted { $0.key < $1.key }
        tree["indexes"] = .m(AttributeTree(indexes.map { .init($0.key, Self.record($0.value)) }))
        return .m(tree)
    }

    private static func record(_ setting: Setting) -> AttributeValue {
        func number(_ time: Timestamp) -> AttributeValue { .n(DynamoDBNumber(Int(time.millisecondsSinceEpoch))) }
        return .l([
            .bool(setting.isEnabled), .s(setting.mode.rawValue), number(setting.enabled), number(setting.changed),
        ])
    }

    init(record: AttributeValue?) {
        guard case .m(let tree)? = record else { return }
        self.table = tree["table"].flatMap(Self.setting)
        guard case .m(let indexes)? = tree["indexes"] else { return }
        for entry in indexes.entries { self.indexes[entry.name] = Self.setting(entry.value) }
    }

    private static func setting(_ value: AttributeValue) -> Setting? {
        guard case .l(let parts) = value, parts.count == 4, case .bool(let isEnabled) = parts[0],
            case .s(let mode) = parts[1], case .n(let enabled) = parts[2], let enabled = Int64(enabled.text),
            case .n(let changed) = parts[3], let changed = Int64(changed.text)
        else { return nil }
        return Setting(
            isEnabled: isEnabled,
            mode: ContributorInsightsMode(rawValue: mode),
            enabled: Timestamp(millisecondsSinceEpoch: enabled),
            changed: Timestamp(millisecondsSinceEpoch: changed)
        )
    }
}

extension TableDescriptor {
    /// The setting of the table, or of one of its global indexes.
    func insightsSetting(of index: String?) throws(ServiceError) -> ContributorInsights.Setting? {
        if let index, self.index(index)?.isGlobal != true {
            throw DynamoDBError.resourceNotFound(
                message: "Requested resource not found: Index: \(index) not found for table: \(self.name)"
            )
        }
        return self.insights[index]
    }
}
