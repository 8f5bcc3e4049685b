internal import Primitives

/// The header fields that take part in authentication, found in one pass.
struct SigningHeaders {
    private(set) var authorization: String?
    private(set) var amzDate: String?
    private(set) var date: String?
    private(set) var securityToken: String?
    private(set) var contentSHA256: String?
    private(set) var regionSet: String?

    /// - Throws: `repeated`; a proxy and we could read different ones of two such lines.
    init(_ headers: HeaderFields) throws(SigningError) {
        for field in headers.fields {
            switch field.name.utf8.count {
            case 4 where HeaderFields.equalNames(field.name, "date"):
                try Self.set(&self.date, field)
            case 10 where HeaderFields.equalNames(field.name, "x-amz-date"):
                try Self.set(&self.amzDate, field)
            case 13 where HeaderFields.equalNames(field.name, "authorization"):
                // Two lines read as one with a comma; AWS then misses an equal sign, and says so.
                if let first = self.authorization {
                    throw .notKeyValue(authorization: first + "," + field.value)
                }
                self.authorization = field.value
            case 16 where HeaderFields.equalNames(field.name, "x-amz-region-set"):
                try Self.set(&self.regionSet, field)
            case 20 where HeaderFields.equalNames(field.name, "x-amz-security-token"):
                try Self.set(&self.securityToken, field)
            case 20 where HeaderFields.equalNames(field.name, "x-amz-content-sha256"):
                try Self.set(&self.contentSHA256, field)
            default:
                break
            }
        }
    }

    private static func set(_ slot: inout String?, _ field: HeaderFields.Field) throws(SigningError) {
        guard slot == nil else { throw .repeated(field.name) }
        slot = field.value
    }
}
