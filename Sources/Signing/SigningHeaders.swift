internal import Primitives

/// The header fields that authentication needs, found in one pass.
struct SigningHeaders {
    /// The range of the value of `Authorization` in the headers' bytes.
    private(set) var authorization: Range<Int>?
    private(set) var amzDate: String?
    private(set) var date: String?
    private(set) var securityToken: String?
    private(set) var contentSHA256: String?
    private(set) var regionSet: String?

    /// - Throws: `repeated`, because a proxy might read another of two such lines than this server does.
    init(_ headers: HeaderFields) throws(SigningError) {
        let bytes = headers.bytes.span
        let lines = headers.lines.span
        for index in lines.indices {
            let line = lines[index]
            // By length first: most fields are none of these.
            switch line.name.count {
            case 4 where isNamed(bytes.extracting(line.name), "date"):
                try Self.set(&self.date, line, headers)
            case 10 where isNamed(bytes.extracting(line.name), "x-amz-date"):
                try Self.set(&self.amzDate, line, headers)
            case 13 where isNamed(bytes.extracting(line.name), "authorization"):
                // AWS joins two lines with a comma, then finds no equal sign, and says so.
                if let first = self.authorization {
                    throw .notKeyValue(authorization: headers.text(first) + "," + headers.text(line.value))
                }
                self.authorization = line.value
            case 16 where isNamed(bytes.extracting(line.name), "x-amz-region-set"):
                try Self.set(&self.regionSet, line, headers)
            case 20 where isNamed(bytes.extracting(line.name), "x-amz-security-token"):
                try Self.set(&self.securityToken, line, headers)
            case 20 where isNamed(bytes.extracting(line.name), "x-amz-content-sha256"):
                try Self.set(&self.contentSHA256, line, headers)
            default:
                break
            }
        }
    }

    private static func set(
        _ slot: inout String?, _ line: HeaderFields.Line, _ headers: HeaderFields
    ) throws(SigningError) {
        guard slot == nil else { throw .repeated(headers.text(line.name)) }
        slot = headers.text(line.value)
    }
}
