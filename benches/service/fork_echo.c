/*
 * The limit that sessions are measured against: the least that a server can do that forks for each connection.
 * It accepts, forks, and the child writes back each line that it reads, closes after one that begins with E, and exits;
 * the parent reaps on SIGCHLD. It listens on 127.0.0.1, on a port that the system chooses, and prints its number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

int main(void)
{
    struct sockaddr_in address;
    struct sigaction action;
    socklen_t size = sizeof address;
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(&action, 0, sizeof action);
    action.sa_handler = reap;
    action.sa_flags = SA_RESTART;
    if (listener < 0 || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0
        || bind(listener, (struct sockaddr *)&address, sizeof address) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0 || listen(listener, 65535) != 0
        || sigaction(SIGCHLD, &action, NULL) != 0) {
        perror("fork_echo");
        return 1;
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            continue;
        }
        if (fork() == 0) {
            char buffer[1024];
            ssize_t length;
            close(listener);
            do {
                length = read(client, buffer, sizeof buffer);
                if (length > 0 && write(client, buffer, (size_t)length) != length) {
                    _exit(1);
                }
            } while (length > 0 && buffer[0] != 'E');
            close(client);
            _exit(0);
        }
        close(client);
    }
}
