internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The parameters that predate expressions (2014): the part common to all of them.
///
/// Each is translated into what an expression compiles to, so that there is one evaluator:
///
/// | parameter | becomes |
/// |---|---|
/// | `Expected`, `QueryFilter`, `ScanFilter`, with `ConditionalOperator` | a `Condition` |
/// | `AttributeUpdates` | an `UpdatePlan` |
/// | `KeyConditions` | a `KeyCondition` |
/// | `AttributesToGet` | a `Projection` |
///
/// - Source: DynamoDB Developer Guide, "Legacy DynamoDB conditional parameters"; the sentences are AWS's, as in the
///   validators of the DAX clients, dynalite and answers recorded in 2026.
enum LegacyParameters {
    /// The limit on comparisons and their values in one map, names in `AttributesToGet`, and updates that read the
    /// attribute.
    ///
    /// Expressions are limited by their length. Each of these entries is searched for in every item, so that a request
    /// with a million of them would take minutes.
    static let entryCountMax = 1_024

    /// The name of a parameter, and whether the request has it.
    typealias ParameterPresence = (name: String, isGiven: Bool)

    /// Refuses requests that mix both kinds of parameters. Both lists are in the order in which AWS names them.
    ///
    /// Inline arrays, which need no allocation: every request is checked, and few have any of these parameters.
    static func checkNotMixed<let legacyCount: Int, let expressionCount: Int>(
        _ legacy: [legacyCount of ParameterPresence], with expressions: [expressionCount of ParameterPresence]
    ) throws(ValidationFailure) {
        let (legacyNames, expressionNames) = (self.given(legacy), self.given(expressions))
        guard !legacyNames.isEmpty, !expressionNames.isEmpty else { return }
        throw ValidationFailure(
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
                + "{\(legacyNames.joined(separator: ", "))} Expression parameters: "
                + "{\(expressionNames.joined(separator: ", "))}"
        )
    }

    private static func given<let count: Int>(_ parameters: [count of ParameterPresence]) -> [String] {
        var names: [String] = []
        for index in parameters.indices where parameters[index].isGiven { names.append(parameters[index].name) }
        return names
    }

    /// Refuses a `ConditionalOperator` without conditions to join.
    ///
    /// `conditionCount` is that of `Expected`, `QueryFilter` or `ScanFilter`; 0 when the request has none.
    static func checkOperator(_ name: ConditionalOperator?, conditionCount: Int) throws(ValidationFailure) {
        guard name != nil, conditionCount < 2 else { return }
        throw ValidationFailure(
            conditionCount == 0
                ? "ConditionalOperator cannot be used without Filter or Expected"
                : "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )
    }

    // DEVIATION: AWS documents no limit for these; a request beyond ours is not one that people write.
    static func checkCount(_ count: Int) throws(ValidationFailure) {
        guard count <= self.entryCountMax else {
            throw .invalid("A parameter without expressions can have at most \(self.entryCountMax) entries")
        }
    }

    /// Names in the order in which AWS checks the entries of a map, so that the same request always gets the same
    /// error.
    static func ordered(_ names: some Collection<ExactName>) -> [ExactName] {
        Placeholders.listed(names.map(\.text), of: names.count).map { ExactName($0) }
    }

    /// - Returns: nil when the request has no `AttributesToGet`.
    static func projection(_ attributes: [String]?) throws(ValidationFailure) -> Projection? {
        guard let attributes else { return nil }
        try self.checkCount(attributes.count)
        var seen: Set<[UInt8]> = []
        for attribute in attributes where !seen.insert(Array(attribute.utf8)).inserted {
            throw .invalid("Duplicate value in attribute name: \(attribute)")
        }
        return Projection(attributes: attributes)
    }
}
