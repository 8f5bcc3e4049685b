internal import DynamoDBModel
internal import DynamoDBValues

/// `Select` and `ProjectionExpression` together: which attributes of an item a Query or Scan returns.
/// - Source: DynamoDB API Reference, Query, `Select`; the sentences are AWS's of 2026 as moto's tests record them.
struct SelectRule {
    private let select: Select?
    /// The top-level attributes that are wanted; none where items are returned whole.
    private let names: [String]

    /// Checks what needs no table. AWS puts an envelope around these sentences.
    ///
    /// - Source: AWS's answers to Query and Scan as moto 5.2.5 of October 2026 verifies them; Scan had none in summer.
    static func check(
        _ select: Select?, expression: String?, attributesToGet: [String]?, hasIndex: Bool
    ) throws(ValidationFailure) {
        do throws(ValidationFailure) {
            try self.checkBare(select, expression, attributesToGet, hasIndex: hasIndex)
        } catch {
            throw error.enveloped
        }
    }

    private static func checkBare(
        _ select: Select?, _ expression: String?, _ attributesToGet: [String]?, hasIndex: Bool
    ) throws(ValidationFailure) {
        guard let select else { return }
        let hasProjection = expression != nil || attributesToGet != nil
        if select == .specificAttributes {
            guard !hasProjection else { return }
            throw ValidationFailure(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            )
        }
        guard !hasProjection else {
            let wanted = select == .count ? "only the Count" : select.rawValue
            let parameter = expression == nil ? "AttributesToGet" : "ProjectionExpression"
            throw ValidationFailure("Cannot specify the \(parameter) when choosing to get \(wanted)")
        }
        if select == .allProjectedAttributes, !hasIndex {
            throw ValidationFailure("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        }
    }

    init(_ select: Select?, _ projection: ItemProjection) {
        self.init(select, names: projection.attributeNames)
    }

    init(_ select: Select?, names: [String]) {
        self.select = select
        self.names = names
    }

    var countsOnly: Bool { self.select == .count }

    /// Refuses what a global index does not hold: nothing is fetched from the table for it.
    func check(_ index: IndexDescriptor?, _ table: TableDescriptor) throws(ValidationFailure) {
        guard let index, index.isGlobal, index.projection != .all else { return }
        if self.select == .allAttributes {
            throw .invalid(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index \(index.name) because its "
                    + "projection type is not ALL"
            )
        }
        let missing = self.missingNames(index, table)
        guard missing.isEmpty else {
            throw .invalid(
                "Global secondary index \(index.name) does not project [\(EchoedList.text(missing))]"
            )
        }
    }

    /// Whether the items of a local index must be completed from the table, because more is wanted than it holds.
    func fetches(_ index: IndexDescriptor?, _ table: TableDescriptor) -> Bool {
        guard let index, !index.isGlobal, index.projection != .all else { return false }
        return self.select == .allAttributes || !self.missingNames(index, table).isEmpty
    }

    /// The attributes that the projection names and the index does not hold.
    private func missingNames(_ index: IndexDescriptor, _ table: TableDescriptor) -> [String] {
        self.names.filter { !index.isProjected($0.utf8, table.schema) }
    }
}
