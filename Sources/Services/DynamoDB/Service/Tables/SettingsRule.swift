internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The checks that CreateTable makes on parameters that only descriptions show.
enum SettingsRule {
    static func streamViewType(_ given: StreamSpecification?) throws(ValidationFailure) -> String? {
        guard let given else { return nil }
        guard given.streamEnabled else {
            guard given.streamViewType == nil else {
                throw .invalid("Table is being created with a stream disabled, UpdateViewType should not be specified")
            }
            return nil
        }
        guard let viewType = given.streamViewType else {
            throw .invalid("Table is being created with a stream enabled, UpdateViewType is required")
        }
        return viewType.rawValue
    }

    /// - Returns: nil for a table encrypted with the AWS owned key, which `{}` and `Enabled: false` also mean.
    static func encryptionKeyARN(
        _ given: SSESpecification?, _ context: RequestContext
    ) throws(ValidationFailure) -> String? {
        guard let given else { return nil }
        guard given.enabled != false else {
            guard given.sseType == nil else { throw .invalid("SSEType can not be specified if Enabled is false") }
            guard given.kmsMasterKeyID == nil else {
                throw .invalid("KMSMasterKeyId can not be specified if Enabled is false")
            }
            return nil
        }
        guard given.sseType != .aes256 else { throw .invalid("SSEType AES256 is not supported") }
        guard given.kmsMasterKeyID == nil || given.sseType == .kms else {
            throw .invalid("SSEType KMS is required if KMSMasterKeyId is specified")
        }
        guard given.enabled == true || given.sseType != nil else { return nil }
        let key = given.kmsMasterKeyID ?? "alias/aws/dynamodb"
        guard !key.hasPrefix("arn:") else {
            if let region = ARN(key)?.region, region != context.region.description {
                throw ValidationFailure(self.foreignKey(region, "", context.requestID))
            }
            return key
        }
        return ARN(
            service: "kms",
            region: context.region,
            account: context.account,
            resource: key.hasPrefix("alias/") ? key : "key/\(key)"
        ).description
    }

    /// The error of KMS for the ARN of a key in another region, as passed on by DynamoDB; `place` describes whose key
    /// it is.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    static func foreignKey(_ region: String, _ place: String, _ requestID: RequestID) -> String {
        "KMS validation error\(place): com.amazonaws.services.kms.model.NotFoundException: Invalid arn \(region) "
            + "(Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; "
            + "Request ID: \(requestID); Proxy: null)"
    }
}
