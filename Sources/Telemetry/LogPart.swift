/// Members that many lines share, such as those of a connection: serialised once.
package final class LogPart: Sendable {
    let members: [LogRecord.Member]
    /// The members as JSON, each with the comma before it.
    let json: [UInt8]

    package init(_ members: [LogRecord.Member]) {
        self.members = members
        self.json = JSONLine.members(members)
    }
}
