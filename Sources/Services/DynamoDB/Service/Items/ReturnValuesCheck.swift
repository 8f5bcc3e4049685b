internal import DynamoDBModel
internal import DynamoDBValues

/// `ReturnValues` of operations that replace or remove an item.
enum ReturnValuesCheck {
    static func oldOrNone(_ value: ReturnValue?) throws(ValidationFailure) {
        guard value == nil || value == ReturnValue.none_ || value == ReturnValue.allOld else {
            throw ValidationFailure("ReturnValues can only be ALL_OLD or NONE")
        }
    }
}
