internal import DynamoDBModel
internal import DynamoDBValues

/// The parameters of before expressions (2014), which this version does not act on.
///
/// They are refused by name: acting as if they were not there would write what the caller wanted to prevent.
enum LegacyParameters {
    /// `given`: parameter name to whether the request has it.
    static func refuse(_ given: KeyValuePairs<String, Bool>) throws(ValidationFailure) {
        guard let name = given.first(where: { $0.value })?.key else { return }
        throw ValidationFailure(
            "The parameter \(name) is not supported by this version of Brume: use an expression instead "
                + "(ConditionExpression, UpdateExpression, KeyConditionExpression, FilterExpression, "
                + "ProjectionExpression)"
        )
    }
}
