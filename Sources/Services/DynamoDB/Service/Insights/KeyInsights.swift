internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceKit
internal import Synchronization
internal import Telemetry

/// Counts the most accessed and most throttled keys of tables that ask for it, and tells them as metrics: one metric
/// for each rule, under the rule's name, with the key as its dimensions.
final class KeyInsights: Sendable {
    /// Rules that are counted at one time; what one more would count is not counted.
    static let ruleCountMax = 1000
    /// Keys of a rule that one telling names.
    static let contributorsToldMax = 10
    /// Keys of a rule that are ever told; metrics are kept by key, and must not outgrow everything else.
    static let contributorsEverToldMax = 100
    /// As often as AWS tells: each minute.
    static let pauseSeconds = 60

    /// A key as it is told: the partition alone, or with the sort key.
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

    /// What was consumed of a table or a global index under a key, of which a Query knows only the partition's part.
    func noteAccess(_ units: Double, _ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) {
        self.note(units, isThrottled: false, key, table, index)
    }

    func noteThrottled(_ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor? = nil) {
        self.note(1, isThrottled: true, key, table, index)
    }

    /// What was consumed by a Query: only the contents of the partition key are known.
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
        // A local index is part of its table.
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

    /// The values of key attributes as a report shows them; nil where one is not there.
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

    // Telling

    /// Tells what was counted since the last time, and begins anew.
    func tell(_ telemetry: any TelemetryPort, now: Timestamp) {
        let counted = self.rules.withLock { rules -> [(RuleID, [(key: Contributor, count: Double)])] in
            var counted: [(RuleID, [(key: Contributor, count: Double)])] = []
            for id in rules.keys {
                guard var rule = rules[id], !rule.counts.isEmpty else {
                    // Nothing happened for a whole pause: the rule may be gone.
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
