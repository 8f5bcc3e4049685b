internal import ServiceKit
internal import ServiceModel

/// An error of the object store, for the description of an export or import.
enum ObjectFailure {
    /// Never returned to a client as an error.
    static let code = "ObjectFailure"

    /// The failure shown in descriptions when a bucket does not exist.
    static let noBucket = (code: "S3NoSuchBucket", message: "The specified bucket does not exist")

    static func error(_ reason: String) -> ServiceError {
        ServiceError(code: self.code, status: 500, message: reason)
    }
}

/// Runs work on the object store, and converts its errors.
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
    /// Whether the bucket exists; it may be empty.
    func hasBucket(_ bucket: String) async throws(ServiceError) -> Bool {
        try await transferring { () throws(ObjectError) in try await self.objects.hasBucket(bucket) }
    }
}
