internal import DynamoDBValues

/// Names and values that come without an expression to use them.
enum ExpressionParameters {
    /// Refuses them; `expressions` are the operation's expression parameters with their texts, in AWS's order.
    static func check(
        names: [String: String]?, values: AttributeMap?, _ expressions: KeyValuePairs<String, String?>
    ) throws(ValidationFailure) {
        guard names != nil || values != nil, expressions.allSatisfy({ $0.value == nil }) else { return }
        let missing =
            expressions.map(\.key).joined(separator: " and ") + (expressions.count == 1 ? " is null" : " are null")
        if names != nil {
            throw ValidationFailure("ExpressionAttributeNames can only be specified when using expressions: \(missing)")
        }
        if values != nil {
            throw ValidationFailure(
                "ExpressionAttributeValues can only be specified when using expressions: \(missing)")
        }
    }
}
