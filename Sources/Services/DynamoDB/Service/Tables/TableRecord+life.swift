internal import DynamoDBValues
internal import Primitives

/// The parts of a record about changes of the table; each is absent until there was such a change.
extension TableRecord {
    static func setLife(_ table: TableDescriptor, _ tree: inout AttributeTree) {
        tree["throughputHistory"] = self.history(table.throughputHistory)
        tree["onDemandSwitch"] = table.onDemandSwitch.map(self.time)
        if !table.onDemandSwitches.isEmpty { tree["onDemandSwitches"] = self.times(table.onDemandSwitches) }
        if table.retiredIndexNumber > 0 { tree["retiredIndex"] = self.number(Int(table.retiredIndexNumber)) }
        if table.retiredVectorIndexNumber > 0 {
            tree["retiredVectorIndex"] = self.number(Int(table.retiredVectorIndexNumber))
        }
        tree["transition"] = table.transition.map { transition in
            .m(AttributeTree([.init("kind", .s(transition.kind.rawValue)), .init("end", self.time(transition.end))]))
        }
        if !table.tableClassChanges.isEmpty { tree["tableClassChanges"] = self.times(table.tableClassChanges) }
    }

    static func readLife(_ tree: AttributeTree, _ table: inout TableDescriptor) {
        table.throughputHistory = self.history(tree["throughputHistory"])
        table.onDemandSwitch = self.time(tree["onDemandSwitch"])
        table.onDemandSwitches = self.times(tree["onDemandSwitches"])
        table.retiredIndexNumber = self.integer(tree["retiredIndex"]).flatMap(UInt16.init(exactly:)) ?? 0
        table.retiredVectorIndexNumber = self.integer(tree["retiredVectorIndex"]).flatMap(UInt16.init(exactly:)) ?? 0
        if case .m(let transition)? = tree["transition"], let end = self.time(transition["end"]),
            let kind = self.text(transition["kind"]).flatMap(TableTransition.Kind.init(rawValue:))
        {
            table.transition = TableTransition(kind: kind, end: end)
        }
        table.tableClassChanges = self.times(tree["tableClassChanges"])
    }

    static func time(_ time: Timestamp) -> AttributeValue {
        self.number(Int(time.millisecondsSinceEpoch))
    }

    static func time(_ value: AttributeValue?) -> Timestamp? {
        self.integer(value).map { Timestamp(millisecondsSinceEpoch: Int64($0)) }
    }

    private static func times(_ times: [Timestamp]) -> AttributeValue {
        .l(times.map(self.time))
    }

    private static func times(_ value: AttributeValue?) -> [Timestamp] {
        guard case .l(let times)? = value else { return [] }
        return times.compactMap(self.time)
    }

    /// - Returns: nil for ACTIVE, the usual state.
    static func state(_ state: IndexState) -> AttributeValue? {
        state == .active ? nil : .s(state.rawValue)
    }

    /// - Returns: nil when the record is damaged.
    static func state(_ value: AttributeValue?) -> IndexState? {
        guard let value else { return .active }
        return self.text(value).flatMap(IndexState.init(rawValue:))
    }

    static func history(_ history: ThroughputHistory) -> AttributeValue? {
        guard history != ThroughputHistory() else { return nil }
        var tree = AttributeTree([.init("decreases", self.number(history.decreaseCount))])
        tree["increase"] = history.lastIncrease.map(self.time)
        tree["decrease"] = history.lastDecrease.map(self.time)
        return .m(tree)
    }

    static func history(_ value: AttributeValue?) -> ThroughputHistory {
        guard case .m(let tree)? = value else { return ThroughputHistory() }
        return ThroughputHistory(
            lastIncrease: self.time(tree["increase"]), lastDecrease: self.time(tree["decrease"]),
            decreaseCount: self.integer(tree["decreases"]) ?? 0)
    }
}
