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
        let fields = headers.fields.span
        for index in fields.indices {
            // Lengths first: most fields are none of these.
            switch fields[index].name.utf8.count {
            case 4 where isNamed(fields[index].name, "date"):
                try Self.set(&self.date, fields[index])
            case 10 where isNamed(fields[index].name, "x-amz-date"):
                try Self.set(&self.amzDate, fields[index])
            case 13 where isNamed(fields[index].name, "authorization"):
                // Two lines read as one with a comma; AWS then misses an equal sign, and says so.
                if let first = self.authorization {
                    throw .notKeyValue(authorization: first + "," + fields[index].value)
                }
                self.authorization = fields[index].value
            case 16 where isNamed(fields[index].name, "x-amz-region-set"):
                try Self.set(&self.regionSet, fields[index])
            case 20 where isNamed(fields[index].name, "x-amz-security-token"):
                try Self.set(&self.securityToken, fields[index])
            case 20 where isNamed(fields[index].name, "x-amz-content-sha256"):
                try Self.set(&self.contentSHA256, fields[index])
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
