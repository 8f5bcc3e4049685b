internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceKit
internal import Synchronization
internal import Telemetry

/// Counts the most accessed and most throttled keys of tables with Contributor Insights, and reports them as metrics:
/// one metric for each rule, with the rule's name, and the key as its dimensions.
final class KeyInsights: Sendable {
    /// The largest number of rules counted at a time; others are not counted.
    static let ruleCountMax = 1000
    /// Keys of a rule in one report.
    static let contributorsToldMax = 10
    /// Keys of a rule that are ever reported; metrics are retained for each key, and must not grow without bound.
    static let contributorsEverToldMax = 100
    /// AWS reports each minute.
    static let pauseSeconds = 60

    /// A key as reported: the partition key, or both keys.
    struct Contributor: Sendable, Hashable {
        let partition: String
        let sort: String?
    }

    private struct RuleID: Sendable, Hashable {
        let account: AccountID
        let region: Region
        let name: String
    }

    private struct Rule: Sendable {
        var counts = SpaceSaving<Contributor>()
        var told: Set<Contributor> = []
    }

    private let rules = Mutex<[RuleID: Rule]>([:])

    // Counting

    /// Counts units consumed of a table or a global index for a key; of a Query, only the partition key is known.
    func noteAccess(_ units: Double, _ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) {
        self.note(units, isThrottled: false, key, table, index)
    }

    func noteThrottled(_ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) {
        self.note(1, isThrottled: true, key, table, index)
    }

    /// Counts units consumed by a Query, of which only the partition key's values are known.
    func noteQuery(
        _ units: Double, partition: [ArraySlice<UInt8>], _ table: TableDescriptor, _ index: IndexDescriptor?
    ) {
        let index = index?.isGlobal == true ? index : nil
        let elements = (index?.schema ?? table.schema).partition
        let texts = zip(elements, partition).map { element, content in
            element.type == .b ? Base64.encode(Array(content)) : String(decoding: content, as: UTF8.self)
        }
        self.note(
            units, isThrottled: false, Contributor(partition: texts.joined(separator: ","), sort: nil), table, index)
    }

    private func note(
        _ amount: Double, isThrottled: Bool, _ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor?
    ) {
        guard table.insights.isCounting else { return }
        // A local index counts as its table.
        let index = index?.isGlobal == true ? index : nil
        let schema = index?.schema ?? table.schema
        guard let partition = Self.text(schema.partition, key) else { return }
        let sort = schema.sort.isEmpty ? nil : Self.text(schema.sort, key)
        self.note(amount, isThrottled: isThrottled, Contributor(partition: partition, sort: sort), table, index)
    }

    private func note(
        _ amount: Double, isThrottled: Bool, _ key: Contributor, _ table: TableDescriptor, _ index: IndexDescriptor?
    ) {
        guard amount > 0, let setting = table.insights[index?.name] else { return }
        for rule in InsightRule.rules(index?.schema ?? table.schema, setting)
        where rule.isAboutThrottling == isThrottled && (!rule.isAboutWholeKeys || key.sort != nil) {
            let id = RuleID(account: table.account, region: table.region, name: rule.name(table, index, setting))
            let contributor = rule.isAboutWholeKeys ? key : Contributor(partition: key.partition, sort: nil)
            self.rules.withLock { rules in
                guard rules[id] != nil || rules.count < Self.ruleCountMax else { return }
                rules[id, default: Rule()].counts.add(contributor, amount)
            }
        }
    }

    /// The values of key attributes in their reported form; nil when one is missing.
    private static func text(_ elements: [KeyElement], _ key: AttributeMap) -> String? {
        var texts: [String] = []
        for element in elements {
            switch key[element.name]?.tree {
            case .s(let text): texts.append(text)
            case .n(let number): texts.append(number.text)
            case .b(let bytes): texts.append(Base64.encode(bytes))
            default: return nil
            }
        }
        return texts.joined(separator: ",")
    }

    // Reporting

    /// Reports the counts since the last report, and resets them.
    func tell(_ telemetry: any TelemetryPort, now: Timestamp) {
        let counted = self.rules.withLock { rules -> [(RuleID, [(key: Contributor, count: Double)])] in
            var counted: [(RuleID, [(key: Contributor, count: Double)])] = []
            for id in rules.keys {
                guard var rule = rules[id], !rule.counts.isEmpty else {
                    // Nothing was counted for a whole interval: the rule may have been deleted.
                    rules[id] = nil
                    continue
                }
                let top = rule.counts.top(Self.contributorsToldMax).filter { entry in
                    if rule.told.contains(entry.key) { return true }
                    guard rule.told.count < Self.contributorsEverToldMax else { return false }
                    rule.told.insert(entry.key)
                    return true
                }
                rule.counts = SpaceSaving()
                rules[id] = rule
                counted.append((id, top))
            }
            return counted
        }
        for (id, contributors) in counted {
            for (contributor, count) in contributors {
                var dimensions = [MetricDatum.Dimension("PartitionKey", contributor.partition)]
                if let sort = contributor.sort { dimensions.append(MetricDatum.Dimension("SortKey", sort)) }
                let datum = MetricDatum(
                    namespace: "AWS/DynamoDB", name: id.name, dimensions: dimensions, value: count, unit: "Count")
                telemetry.record(datum, account: id.account, region: id.region, time: now)
            }
        }
    }
}
