internal import ServiceKit
internal import ServiceModel

/// What the place for objects can do wrong, on its way to the description of an export or import.
enum ObjectFailure {
    /// Never told to a client as an error.
    static let code = "ObjectFailure"

    /// What descriptions say when a bucket is not there.
    static let noBucket = (code: "S3NoSuchBucket", message: "The specified bucket does not exist")

    static func error(_ reason: String) -> ServiceError {
        ServiceError(code: self.code, status: 500, message: reason)
    }
}

/// Runs what the place for objects can do wrong.
func transferring<Value: Sendable>(
    _ work: () async throws(ObjectError) -> Value
) async throws(ServiceError) -> Value {
    do throws(ObjectError) {
        return try await work()
    } catch {
        switch error {
        case .absent: throw ObjectFailure.error("The specified key does not exist.")
        // The reason is for the operator.
        case .unavailable: throw ObjectFailure.error("The objects cannot be read or written now.")
        }
    }
}

extension DynamoDBService {
    /// Whether there is such a bucket, be it empty.
    func hasBucket(_ bucket: String) async throws(ServiceError) -> Bool {
        try await transferring { () throws(ObjectError) in try await self.objects.hasBucket(bucket) }
    }
}
