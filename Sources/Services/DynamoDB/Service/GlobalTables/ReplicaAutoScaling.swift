internal import DynamoDBModel
internal import DynamoDBValues

/// The auto scaling of one replica's provisioned capacity, as set by UpdateTableReplicaAutoScaling.
///
// DEVIATION: there is no Application Auto Scaling here: the settings are stored and shown, but change no capacity.
struct ReplicaAutoScaling: Sendable, Equatable {
    /// The scalable dimension: the reads or writes of the table or of one of its global indexes.
    struct Dimension: Sendable, Hashable {
        /// nil means the table.
        var index: String?
        var isWrite: Bool
    }

    /// Bounds, and the target between them.
    struct Settings: Sendable, Equatable {
        var minimum: Int
        var maximum: Int
        var policyName: String
        var target: Double
        var scaleInCooldown: Int?
        var scaleOutCooldown: Int?
        var isScaleInDisabled: Bool?
    }

    /// Only enabled dimensions.
    var settings: [Dimension: Settings] = [:]

    func isEnabled(_ dimension: Dimension) -> Bool { self.settings[dimension] != nil }

    /// The part that is common to all replicas.
    var writes: ReplicaAutoScaling { ReplicaAutoScaling(settings: self.settings.filter { $0.key.isWrite }) }
}

extension ReplicaAutoScaling {
    /// - Returns: nil when nothing is enabled.
    var record: AttributeValue? {
        guard !self.settings.isEmpty else { return nil }
        return .l(
            self.settings.map { (dimension, settings) in
                var tree = AttributeTree([
                    .init("write", .bool(dimension.isWrite)),
                    .init("minimum", TableRecord.number(settings.minimum)),
                    .init("maximum", TableRecord.number(settings.maximum)), .init("policy", .s(settings.policyName)),
                    .init("target", .s("\(settings.target)")),
                ])
                tree["index"] = dimension.index.map { .s($0) }
                tree["in"] = settings.scaleInCooldown.map(TableRecord.number)
                tree["out"] = settings.scaleOutCooldown.map(TableRecord.number)
                tree["noScaleIn"] = settings.isScaleInDisabled.map { .bool($0) }
                return .m(tree)
            })
    }

    init(record: AttributeValue?) {
        guard case .l(let values)? = record else { return }
        for value in values {
            guard case .m(let tree) = value, let minimum = TableRecord.integer(tree["minimum"]),
                let maximum = TableRecord.integer(tree["maximum"]), let policy = TableRecord.text(tree["policy"]),
                let target = TableRecord.text(tree["target"]).flatMap(Double.init)
            else { continue }
            var isScaleInDisabled: Bool?
            if case .bool(let value)? = tree["noScaleIn"] { isScaleInDisabled = value }
            let dimension = Dimension(index: TableRecord.text(tree["index"]), isWrite: tree["write"] == .bool(true))
            self.settings[dimension] = Settings(
                minimum: minimum, maximum: maximum, policyName: policy, target: target,
                scaleInCooldown: TableRecord.integer(tree["in"]), scaleOutCooldown: TableRecord.integer(tree["out"]),
                isScaleInDisabled: isScaleInDisabled)
        }
    }
}
