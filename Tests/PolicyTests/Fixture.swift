import Policy
import Primitives

/// A request of the user `ana`, unless changed.
func request(
    _ action: String = "dynamodb:GetItem", _ resource: String = "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
    by arn: String = "arn:aws:iam::111122223333:user/ana", of account: String = "111122223333",
    with conditionKeys: [String: [String]] = [:]
) -> PolicyRequest {
    PolicyRequest(
        caller: PolicyRequest.Caller(account: account, arn: arn),
        action: action,
        resource: resource,
        conditionKeys: Dictionary(uniqueKeysWithValues: conditionKeys.map { (ExactName($0.key), $0.value) })
    )
}

/// A policy of a resource with one statement, whose text is given without its braces.
func policy(_ statements: String..., version: String = "2012-10-17") throws(PolicyError) -> PolicyDocument {
    let list = statements.map { "{\($0)}" }.joined(separator: ",")
    return try PolicyDocument(#"{"Version":"\#(version)","Statement":[\#(list)]}"#, .resource)
}

/// A statement that allows everything to everybody, with these members instead.
func statement(
    _ effect: String = "Allow", principal: String = #""Principal":"*""#, action: String = #""Action":"*""#,
    resource: String = #""Resource":"*""#, condition: String? = nil
) -> String {
    [#""Effect":"\#(effect)""#, principal, action, resource, condition.map { #""Condition":\#($0)"# }]
        .compactMap(\.self).joined(separator: ",")
}
